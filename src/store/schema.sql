-- The schema as all migrations leave it, to be read; a test holds it equal to them and writes it anew with
-- GUICHET_WRITE_DOCS=1. Nothing loads it.

CREATE TABLE `account` (
  `account_id` binary(16) NOT NULL,
  `email` varchar(254) NOT NULL,
  `role` varchar(20) NOT NULL,
  `lang` char(2) NOT NULL,
  `created_at` datetime(6) NOT NULL,
  `suspended_at` datetime(6) DEFAULT NULL,
  `closed_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`account_id`),
  UNIQUE KEY `account_email` (`email`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `account_role` (
  `account_id` binary(16) NOT NULL,
  `role` varchar(20) NOT NULL,
  `given_at` datetime(6) NOT NULL,
  `ends_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`account_id`,`role`),
  KEY `account_role_role` (`role`),
  CONSTRAINT `account_role_account` FOREIGN KEY (`account_id`) REFERENCES `account` (`account_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `api_token` (
  `token_id` binary(16) NOT NULL,
  `account_id` binary(16) NOT NULL,
  `label` varchar(100) NOT NULL,
  `created_at` datetime(6) NOT NULL,
  `expires_at` datetime(6) NOT NULL,
  `revoked_at` datetime(6) DEFAULT NULL,
  `actions` varchar(1000) NOT NULL DEFAULT '',
  `last_used_at` datetime(6) DEFAULT NULL,
  `narrowed_seen` int(10) unsigned NOT NULL DEFAULT 0,
  `roles` varchar(300) DEFAULT NULL,
  PRIMARY KEY (`token_id`),
  KEY `api_token_account` (`account_id`),
  CONSTRAINT `api_token_account` FOREIGN KEY (`account_id`) REFERENCES `account` (`account_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `assignment` (
  `assignment_id` binary(16) NOT NULL,
  `dossier_id` binary(16) NOT NULL,
  `account_id` binary(16) NOT NULL,
  `assigned_by` binary(16) NOT NULL,
  `assigned_at` datetime(6) NOT NULL,
  `ended_at` datetime(6) DEFAULT NULL,
  `ended_by` binary(16) DEFAULT NULL,
  PRIMARY KEY (`assignment_id`),
  KEY `assignment_dossier` (`dossier_id`,`account_id`),
  KEY `assignment_account` (`account_id`),
  KEY `assignment_assigned_by` (`assigned_by`),
  KEY `assignment_ended_by` (`ended_by`),
  CONSTRAINT `assignment_account` FOREIGN KEY (`account_id`) REFERENCES `account` (`account_id`),
  CONSTRAINT `assignment_assigned_by` FOREIGN KEY (`assigned_by`) REFERENCES `account` (`account_id`),
  CONSTRAINT `assignment_dossier` FOREIGN KEY (`dossier_id`) REFERENCES `dossier` (`dossier_id`),
  CONSTRAINT `assignment_ended_by` FOREIGN KEY (`ended_by`) REFERENCES `account` (`account_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `ceremony` (
  `ceremony_id` binary(16) NOT NULL,
  `kind` varchar(20) NOT NULL,
  `account_id` binary(16) DEFAULT NULL,
  `state` longtext NOT NULL,
  `expires_at` datetime(6) NOT NULL,
  PRIMARY KEY (`ceremony_id`),
  KEY `ceremony_expires` (`expires_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `chain` (
  `name` varchar(20) NOT NULL,
  `sequence` bigint(20) unsigned NOT NULL,
  `link` char(64) NOT NULL,
  `sealed_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `company_lookup` (
  `dossier_id` binary(16) NOT NULL,
  `siret` char(14) NOT NULL,
  `taken_at` datetime(6) NOT NULL,
  `record` longtext NOT NULL,
  PRIMARY KEY (`dossier_id`,`siret`,`taken_at`),
  KEY `company_lookup_siret` (`siret`,`taken_at`),
  CONSTRAINT `company_lookup_dossier` FOREIGN KEY (`dossier_id`) REFERENCES `dossier` (`dossier_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `delegation` (
  `delegation_id` binary(16) NOT NULL,
  `dossier_id` binary(16) NOT NULL,
  `given_by` binary(16) NOT NULL,
  `email` varchar(254) NOT NULL,
  `parts` varchar(2000) NOT NULL,
  `note` varchar(200) NOT NULL DEFAULT '',
  `given_at` datetime(6) NOT NULL,
  `ends_at` datetime(6) NOT NULL,
  `revoked_at` datetime(6) DEFAULT NULL,
  `used_at` datetime(6) DEFAULT NULL,
  `forget_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`delegation_id`),
  KEY `delegation_dossier` (`dossier_id`),
  KEY `delegation_email` (`email`),
  KEY `delegation_given_by` (`given_by`),
  KEY `delegation_forget` (`forget_at`),
  CONSTRAINT `delegation_dossier` FOREIGN KEY (`dossier_id`) REFERENCES `dossier` (`dossier_id`),
  CONSTRAINT `delegation_given_by` FOREIGN KEY (`given_by`) REFERENCES `account` (`account_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `deposit` (
  `dossier_id` binary(16) NOT NULL,
  `version` int(10) unsigned NOT NULL,
  `attempt_id` binary(16) NOT NULL,
  `receipt_number` varchar(20) NOT NULL,
  `sequence` bigint(20) unsigned NOT NULL,
  `call_id` varchar(60) NOT NULL,
  `round_id` varchar(60) NOT NULL,
  `account_id` binary(16) NOT NULL,
  `standing` tinyint(1) NOT NULL,
  `siren` varchar(14) NOT NULL,
  `company` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL,
  `title` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL,
  `bricks` varchar(255) NOT NULL,
  `base_cents` bigint(20) NOT NULL,
  `aid_cents` bigint(20) NOT NULL,
  `warnings` int(10) unsigned NOT NULL,
  `deposited_at` datetime(6) NOT NULL,
  `receipt` longtext NOT NULL,
  `sealed_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`dossier_id`,`version`),
  UNIQUE KEY `deposit_attempt` (`dossier_id`,`attempt_id`),
  UNIQUE KEY `deposit_receipt` (`receipt_number`),
  UNIQUE KEY `deposit_sequence` (`sequence`),
  KEY `deposit_siren` (`call_id`,`round_id`,`standing`,`siren`),
  KEY `deposit_list` (`call_id`,`round_id`,`standing`,`deposited_at`,`sequence`),
  KEY `deposit_company` (`call_id`,`round_id`,`standing`,`company`,`sequence`),
  KEY `deposit_title` (`call_id`,`round_id`,`standing`,`title`,`sequence`),
  KEY `deposit_base` (`call_id`,`round_id`,`standing`,`base_cents`,`sequence`),
  KEY `deposit_aid` (`call_id`,`round_id`,`standing`,`aid_cents`,`sequence`),
  CONSTRAINT `deposit_dossier` FOREIGN KEY (`dossier_id`) REFERENCES `dossier` (`dossier_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `deposit_piece` (
  `dossier_id` binary(16) NOT NULL,
  `version` int(10) unsigned NOT NULL,
  `code` varchar(20) NOT NULL,
  `sha256` char(64) NOT NULL,
  PRIMARY KEY (`dossier_id`,`version`,`code`),
  KEY `deposit_piece_sha256` (`sha256`),
  CONSTRAINT `deposit_piece_deposit` FOREIGN KEY (`dossier_id`, `version`) REFERENCES `deposit` (`dossier_id`, `version`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `dossier` (
  `dossier_id` binary(16) NOT NULL,
  `call_id` varchar(60) NOT NULL,
  `round_id` varchar(60) NOT NULL,
  `account_id` binary(16) NOT NULL,
  `attempt_id` binary(16) NOT NULL,
  `draft` longtext NOT NULL,
  `revision` bigint(20) unsigned NOT NULL,
  `versions` int(10) unsigned NOT NULL,
  `deposit_version` int(10) unsigned DEFAULT NULL,
  `deposit_receipt` varchar(20) DEFAULT NULL,
  `deposit_at` datetime(6) DEFAULT NULL,
  `deposit_revision` bigint(20) unsigned DEFAULT NULL,
  `created_at` datetime(6) NOT NULL,
  `changed_at` datetime(6) NOT NULL,
  `withdrawn_at` datetime(6) DEFAULT NULL,
  `admitted_at` datetime(6) DEFAULT NULL,
  `admitted_by` binary(16) DEFAULT NULL,
  `changes` longtext DEFAULT NULL,
  `origin` char(64) DEFAULT NULL,
  `deleted_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`dossier_id`),
  UNIQUE KEY `dossier_attempt` (`account_id`,`attempt_id`),
  KEY `dossier_admitted` (`admitted_at`),
  KEY `dossier_never_deposited` (`call_id`,`round_id`,`versions`,`deleted_at`),
  CONSTRAINT `dossier_account` FOREIGN KEY (`account_id`) REFERENCES `account` (`account_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `edge` (
  `edge_name` varchar(300) NOT NULL,
  `holder` binary(16) NOT NULL,
  `epoch` bigint(20) unsigned NOT NULL,
  `ops_address` varchar(64) NOT NULL,
  `expires_at` datetime(6) NOT NULL,
  PRIMARY KEY (`edge_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `edge_process` (
  `edge_name` varchar(300) NOT NULL,
  `process_id` binary(16) NOT NULL,
  `claimed_at` datetime(6) NOT NULL,
  `verified_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`edge_name`,`process_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `event` (
  `sequence` bigint(20) unsigned NOT NULL,
  `at` datetime(6) NOT NULL,
  `kind` varchar(40) NOT NULL,
  `account_id` binary(16) DEFAULT NULL,
  `dossier_id` binary(16) DEFAULT NULL,
  `data` longtext NOT NULL,
  `previous` char(64) NOT NULL,
  `link` char(64) NOT NULL,
  `event_id` binary(16) DEFAULT NULL,
  PRIMARY KEY (`sequence`),
  UNIQUE KEY `event_id` (`event_id`),
  KEY `event_dossier` (`dossier_id`,`sequence`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `failing_address` (
  `email` varchar(254) NOT NULL,
  `kind` varchar(10) NOT NULL,
  `status` varchar(9) NOT NULL,
  `letter_id` binary(16) NOT NULL,
  `failed_at` datetime(6) NOT NULL,
  `recovered_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`email`),
  KEY `failing_address_failed` (`recovered_at`,`failed_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `glass` (
  `glass_id` binary(16) NOT NULL,
  `dossier_id` binary(16) NOT NULL,
  `asked_by` binary(16) NOT NULL,
  `reason` varchar(500) NOT NULL,
  `asked_at` datetime(6) NOT NULL,
  `allowed_by` binary(16) DEFAULT NULL,
  `allowed_at` datetime(6) DEFAULT NULL,
  `ends_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`glass_id`),
  KEY `glass_dossier` (`dossier_id`,`asked_by`),
  KEY `glass_asked_by` (`asked_by`),
  KEY `glass_allowed_by` (`allowed_by`),
  CONSTRAINT `glass_allowed_by` FOREIGN KEY (`allowed_by`) REFERENCES `account` (`account_id`),
  CONSTRAINT `glass_asked_by` FOREIGN KEY (`asked_by`) REFERENCES `account` (`account_id`),
  CONSTRAINT `glass_dossier` FOREIGN KEY (`dossier_id`) REFERENCES `dossier` (`dossier_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `interest` (
  `dossier_id` binary(16) NOT NULL,
  `account_id` binary(16) NOT NULL,
  `conflict` tinyint(1) NOT NULL,
  `declared_at` datetime(6) NOT NULL,
  PRIMARY KEY (`dossier_id`,`account_id`),
  KEY `interest_account` (`account_id`,`conflict`),
  CONSTRAINT `interest_account` FOREIGN KEY (`account_id`) REFERENCES `account` (`account_id`),
  CONSTRAINT `interest_dossier` FOREIGN KEY (`dossier_id`) REFERENCES `dossier` (`dossier_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `login_link` (
  `link_hash` binary(32) NOT NULL,
  `email` varchar(254) NOT NULL,
  `created_at` datetime(6) NOT NULL,
  `expires_at` datetime(6) NOT NULL,
  `used_at` datetime(6) DEFAULT NULL,
  `session_id` binary(16) DEFAULT NULL,
  PRIMARY KEY (`link_hash`),
  KEY `login_link_email` (`email`,`created_at`),
  KEY `login_link_expires` (`expires_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `login_turn` (
  `turn` tinyint(3) unsigned NOT NULL,
  PRIMARY KEY (`turn`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `narrowed_token` (
  `revocation_id` binary(32) NOT NULL,
  `token_id` binary(16) NOT NULL,
  `checks` varchar(2000) NOT NULL,
  `first_used_at` datetime(6) NOT NULL,
  `last_used_at` datetime(6) NOT NULL,
  `revoked_at` datetime(6) DEFAULT NULL,
  `depth` tinyint(3) unsigned NOT NULL DEFAULT 1,
  PRIMARY KEY (`revocation_id`),
  KEY `narrowed_token_token` (`token_id`),
  CONSTRAINT `narrowed_token_token` FOREIGN KEY (`token_id`) REFERENCES `api_token` (`token_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `outbox` (
  `job_id` binary(16) NOT NULL,
  `kind` varchar(40) NOT NULL,
  `payload` longtext NOT NULL,
  `due_at` datetime(6) NOT NULL,
  `attempts` int(10) unsigned NOT NULL,
  `done_at` datetime(6) DEFAULT NULL,
  `failure` varchar(500) DEFAULT NULL,
  PRIMARY KEY (`job_id`),
  KEY `outbox_due` (`done_at`,`due_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `passkey` (
  `passkey_id` binary(16) NOT NULL,
  `credential_id` varbinary(1023) NOT NULL,
  `account_id` binary(16) NOT NULL,
  `name` varchar(100) NOT NULL,
  `credential` longtext NOT NULL,
  `created_at` datetime(6) NOT NULL,
  `last_used_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`passkey_id`),
  UNIQUE KEY `passkey_credential` (`credential_id`),
  KEY `passkey_account` (`account_id`),
  CONSTRAINT `passkey_account` FOREIGN KEY (`account_id`) REFERENCES `account` (`account_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `piece` (
  `dossier_id` binary(16) NOT NULL,
  `code` varchar(20) NOT NULL,
  `sha256` char(64) NOT NULL,
  `name` varchar(255) NOT NULL,
  `media` varchar(100) NOT NULL,
  `bytes` bigint(20) unsigned NOT NULL,
  `issued` date DEFAULT NULL,
  `uploaded_at` datetime(6) NOT NULL,
  `opened` tinyint(1) DEFAULT NULL,
  `pages` int(10) unsigned DEFAULT NULL,
  `signed` tinyint(1) DEFAULT NULL,
  `kept_in` binary(16) DEFAULT NULL,
  `kept_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`dossier_id`,`code`),
  KEY `piece_sha256` (`sha256`),
  CONSTRAINT `piece_dossier` FOREIGN KEY (`dossier_id`) REFERENCES `dossier` (`dossier_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `piece_text` (
  `sha256` char(64) NOT NULL,
  `state` varchar(20) NOT NULL,
  `body` longtext DEFAULT NULL,
  `queued_at` datetime(6) NOT NULL,
  `attempts` int(10) unsigned NOT NULL,
  `due_at` datetime(6) DEFAULT NULL,
  `failure` varchar(500) DEFAULT NULL,
  PRIMARY KEY (`sha256`),
  KEY `piece_text_due` (`due_at`),
  KEY `piece_text_state` (`state`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `process` (
  `process_id` binary(16) NOT NULL,
  `name` varchar(200) NOT NULL,
  `host` varchar(255) NOT NULL,
  `address` varchar(300) NOT NULL,
  `ops_address` varchar(64) NOT NULL,
  `build` varchar(100) NOT NULL,
  `state` varchar(10) NOT NULL,
  `started_at` datetime(6) NOT NULL,
  `heartbeat_at` datetime(6) NOT NULL,
  `blob_store` binary(16) DEFAULT NULL,
  `blob_address` varchar(64) DEFAULT NULL,
  PRIMARY KEY (`process_id`),
  KEY `process_name` (`name`),
  KEY `process_address` (`address`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `scan` (
  `sha256` char(64) NOT NULL,
  `state` varchar(20) NOT NULL,
  `signature` varchar(200) DEFAULT NULL,
  `scanner` varchar(200) DEFAULT NULL,
  `scanned_at` datetime(6) DEFAULT NULL,
  `queued_at` datetime(6) NOT NULL,
  `attempts` int(10) unsigned NOT NULL,
  `due_at` datetime(6) DEFAULT NULL,
  `failure` varchar(500) DEFAULT NULL,
  PRIMARY KEY (`sha256`),
  KEY `scan_due` (`due_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `search_text` (
  `dossier_id` binary(16) NOT NULL,
  `version` int(10) unsigned NOT NULL,
  `stem_version` int(10) unsigned NOT NULL,
  `stems` longtext NOT NULL,
  PRIMARY KEY (`dossier_id`),
  KEY `search_text_stem_version` (`stem_version`),
  FULLTEXT KEY `search_text_stems` (`stems`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `service_order` (
  `order_id` binary(16) NOT NULL,
  `kind` varchar(40) NOT NULL,
  `detail` varchar(255) NOT NULL,
  `asked_by` varchar(255) NOT NULL,
  `asked_at` datetime(6) NOT NULL,
  `confirmed_by` binary(16) DEFAULT NULL,
  `confirmed_at` datetime(6) DEFAULT NULL,
  `taken_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`order_id`),
  KEY `service_order_confirmed_by` (`confirmed_by`),
  CONSTRAINT `service_order_confirmed_by` FOREIGN KEY (`confirmed_by`) REFERENCES `account` (`account_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `session` (
  `session_id` binary(16) NOT NULL,
  `account_id` binary(16) NOT NULL,
  `created_at` datetime(6) NOT NULL,
  `ends_at` datetime(6) NOT NULL,
  `ended_at` datetime(6) DEFAULT NULL,
  `amr` varchar(10) NOT NULL DEFAULT 'email',
  `last_seen_at` datetime(6) DEFAULT NULL,
  `stepped_up_at` datetime(6) DEFAULT NULL,
  `agent` varchar(200) NOT NULL DEFAULT '',
  PRIMARY KEY (`session_id`),
  KEY `session_account` (`account_id`),
  CONSTRAINT `session_account` FOREIGN KEY (`account_id`) REFERENCES `account` (`account_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `simulation` (
  `simulation_hash` binary(32) NOT NULL,
  `call_id` varchar(60) NOT NULL,
  `round_id` varchar(60) NOT NULL,
  `attempt_id` binary(16) NOT NULL,
  `answers` longtext NOT NULL,
  `expires_at` datetime(6) NOT NULL,
  PRIMARY KEY (`simulation_hash`),
  KEY `simulation_expires_at` (`expires_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `site` (
  `host` varchar(253) NOT NULL,
  `call_id` varchar(100) NOT NULL,
  `source` varchar(10) NOT NULL,
  `created_at` datetime(6) NOT NULL,
  PRIMARY KEY (`host`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `token_root` (
  `kid` int(10) unsigned NOT NULL,
  `kind` varchar(10) NOT NULL,
  `public_key` char(64) NOT NULL,
  `published_at` datetime(6) NOT NULL,
  `signs_at` datetime(6) NOT NULL,
  `dropped_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`kid`),
  KEY `token_root_kind` (`kind`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE `upload` (
  `upload_id` char(32) NOT NULL,
  `account_id` binary(16) NOT NULL,
  `note` longtext NOT NULL,
  `parts` longtext NOT NULL,
  `bytes` bigint(20) unsigned NOT NULL,
  `turn` binary(16) NOT NULL,
  `finishing` tinyint(1) NOT NULL DEFAULT 0,
  `held_until` datetime(6) DEFAULT NULL,
  `used_at` datetime(6) NOT NULL,
  PRIMARY KEY (`upload_id`),
  KEY `upload_account` (`account_id`),
  KEY `upload_used_at` (`used_at`),
  CONSTRAINT `upload_account` FOREIGN KEY (`account_id`) REFERENCES `account` (`account_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
