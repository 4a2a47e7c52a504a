//! Statements as in our dumps are accepted; everything else is refused.

use super::*;

const DUMP: &str = r"/*M!999999\- enable the sandbox mode */ 

/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;
-- MariaDB dump of another version
CREATE TABLE `_sqlx_migrations` (
  `version` bigint(20) NOT NULL,
  `installed_on` timestamp NOT NULL DEFAULT current_timestamp(),
  `draft` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '{}' CHECK (json_valid(`draft`)),
  PRIMARY KEY (`version`),
  UNIQUE KEY `a` (`version`,`draft`),
  CONSTRAINT `c` FOREIGN KEY (`version`) REFERENCES `d` (`version`) ON DELETE CASCADE
) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

LOCK TABLES `_sqlx_migrations` WRITE;
/*!40000 ALTER TABLE `_sqlx_migrations` DISABLE KEYS */;
set autocommit=0;
INSERT INTO `_sqlx_migrations` VALUES
(1,'it\'s \\ ; \n /* no comment */ é','2026-11-29 19:41:45',1,0x00FF27,-12,NULL),
(2,'a''b','',0.5,1e10,-1.5e-7,_binary 'x',b'01');
INSERT INTO `t` (`a`,`b`) VALUES (1,2);
/*!40000 ALTER TABLE `_sqlx_migrations` ENABLE KEYS */;
UNLOCK TABLES;
commit;
";

fn read(text: &str) -> Result<Vec<DumpStatement>, String> {
    let mut statements = Statements::new(text.as_bytes());
    let mut all = Vec::new();
    while let Some(statement) = statements.next().map_err(|error| error.to_string())? {
        all.push(statement);
    }
    Ok(all)
}

#[test]
fn a_dump_is_its_tables_and_rows() {
    let all = read(DUMP).unwrap();
    let kinds: Vec<bool> = all.iter().map(|statement| matches!(statement, DumpStatement::Insert(_))).collect();
    assert_eq!(kinds, [false, true, true], "{all:?}");
    assert!(TABLE_WORDS.is_sorted());
    assert_eq!(read("").unwrap(), []);
}

#[test]
fn what_could_do_anything_else_is_refused() {
    for text in [
        "\\! id > /tmp/x\n",
        "\\! id;",
        "system id;",
        "source /etc/passwd;",
        "delimiter $$",
        "SELECT 1;",
        "SELECT '<?php' INTO OUTFILE '/tmp/x';",
        "LOAD DATA INFILE '/etc/passwd' INTO TABLE `t`;",
        "INSERT INTO `t` VALUES (load_file('/etc/passwd'));",
        "INSERT INTO `t` SELECT 1;",
        "INSERT INTO `t` VALUES (1) ON DUPLICATE KEY UPDATE a=1;",
        "INSERT INTO `t` VALUES ((select 1));",
        "INSERT INTO `mysql`.`user` VALUES (1);",
        "INSERT INTO `t` VALUES (1-- \n);",
        "INSERT INTO `t` VALUES (1 # x\n);",
        "INSERT INTO `t` VALUES (1 /* x */);",
        "INSERT INTO `t` VALUES (\"x\");",
        "INSERT INTO `t` VALUES (@@datadir);",
        "INSERT INTO `t` VALUES (--1);",
        "CREATE TABLE `t` (`a` int) ENGINE=CONNECT TABLE_TYPE=CSV FILE_NAME='/etc/passwd';",
        "CREATE TABLE `t` (`a` int) DATA DIRECTORY='/tmp';",
        "CREATE TABLE `t` SELECT 1;",
        "CREATE TABLE `t` (`a` longtext DEFAULT load_file('/etc/passwd')) ENGINE=InnoDB;",
        "CREATE TABLE `mysql`.`t` (`a` int);",
        "CREATE TRIGGER `t` BEFORE INSERT ON `a` FOR EACH ROW SET @a=1;",
        "CREATE FUNCTION lib_mysqludf RETURNS STRING SONAME 'x.so';",
        "GRANT ALL ON *.* TO `x`;",
        "DROP TABLE `t`;",
        "USE `mysql`;",
        "/*!50003 CREATE TRIGGER `t` BEFORE INSERT ON `a` FOR EACH ROW SET @a=1 */;",
        "/*!40101 SELECT 1 INTO OUTFILE '/tmp/x' */;",
        "/* a comment of nobody */;",
        "/*M!100100 \\! id */;",
        "INSERT INTO `t` VALUES (1)",
        "INSERT INTO `t` VALUES ('cut off",
        "/*!40101 SET x",
    ] {
        assert!(read(text).is_err(), "{text}");
        assert!(read(&format!("{DUMP}{text}")).is_err(), "after a whole dump: {text}");
    }
}

#[test]
fn a_refusal_names_the_line_and_repeats_little() {
    let error = read(&format!("{DUMP}SELECT '{}';", "x".repeat(10_000))).unwrap_err();
    assert!(error.starts_with("line 25: a dump of ours does not say: SELECT 'xxx") && error.len() < 200, "{error}");
}
