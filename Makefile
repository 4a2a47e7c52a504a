# The targets a developer needs; scripts/setup installs whatever they miss.
export GUICHET_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/guichet
export CARGO_TARGET_DIR ?= $(GUICHET_CACHE)/target
export GUICHET_AXE ?= $(GUICHET_CACHE)/axe-0.1.8/axe.min.js
export GUICHET_SOZU ?= $(GUICHET_CACHE)/sozu-2.3.3/bin/sozu
export GUICHET_GARAGE ?= $(GUICHET_CACHE)/garage-2.5.0/bin/garage
export GUICHET_PYTHON ?= $(GUICHET_CACHE)/biscuit-python-0.4.0/bin/python
export GUICHET_MOTO ?= $(GUICHET_CACHE)/moto-5.2.5/bin/moto_server
export GUICHET_AIOSMTPD ?= $(GUICHET_CACHE)/aiosmtpd-1.4.6/bin/python
export GUICHET_TSC ?= $(GUICHET_CACHE)/typescript-5.9.3/node_modules/.bin/tsc
export GUICHET_HTML_VALIDATE ?= $(GUICHET_CACHE)/html-validate-9.7.1/node_modules/.bin/html-validate
export PATH := $(GUICHET_CACHE)/bin:$(PATH)
DEMO_DIR ?= var/demo

.PHONY: help setup demo demo-reset test test-scripts test-interop test-slapos slapos-laptop check advisories bench bench-all drill drill-attachments slow-line fuzz

help:
	@echo 'make demo        a complete private installation, until Ctrl-C; its data stay in $(DEMO_DIR)'
	@echo 'make demo-reset  forgets them'
	@echo 'make test        every test, on real parts'
	@echo 'make test-scripts only the scripts of pages, without a browser'
	@echo 'make test-interop only tokens in another language'
	@echo 'make test-slapos only the software release, on a SlapOS node'
	@echo 'make slapos-laptop a SlapOS node with a portal on it, until Ctrl-C'
	@echo 'make check       format, lints, types of scripts, documentation, licences'
	@echo 'make advisories  known faults of the libraries, from the network'
	@echo 'make bench       what requests cost, with the differences from what was recorded'
	@echo 'make bench-all   also access, attachments, the proxy and the cluster of databases'
	@echo 'make fuzz        looks for tokens, forms and files that break their readers, FUZZ_SECONDS each'
	@echo 'make drill       disasters of the database, five times each, as a table'
	@echo 'make drill-attachments  the same of the nodes that hold attachments'
	@echo 'make slow-line   the longest file that may be sent, over a slow line with cuts: ten minutes'
	@echo 'make setup       only installs what demo and test need'

setup:
	@scripts/setup --with-browser --with-python --with-node --with-garage --with-clamav

demo:
	@scripts/setup
	@cargo build --locked
	@exec "$(CARGO_TARGET_DIR)/debug/guichet" demo --dir "$(DEMO_DIR)" $(ARGS)

demo-reset:
	@[ ! -e "$(DEMO_DIR)/lock" ] || flock -n "$(DEMO_DIR)/lock" true || { echo 'a demonstration is running: stop it first' >&2; exit 1; }
	@rm -rf -- "$(DEMO_DIR)"

test:
	@scripts/setup --with-browser --with-python --with-node --with-garage --with-clamav
	node --test tests/js/*.test.mjs
	cargo test --locked
	@scripts/test-slapos

# The parts of the scripts that need no browser; part of make test.
test-scripts:
	@scripts/setup --with-node
	node --test tests/js/*.test.mjs

# Tokens verified and narrowed by biscuit-python; part of make test.
test-interop:
	@scripts/setup --with-python
	cargo test --locked --test portal -- flows::interop

# The software release: its profiles, and its life on a real SlapOS node.
test-slapos:
	@scripts/setup
	@scripts/test-slapos

# A SlapOS node of one's own with a portal on it, until Ctrl-C.
slapos-laptop:
	@scripts/setup
	@scripts/test-slapos --laptop

check:
	@scripts/setup --with-lints
	cargo fmt --check
	$(GUICHET_TSC) --project src/web/tsconfig.json
	$(GUICHET_TSC) --project src/web/tsconfig.offline.json
	$(GUICHET_TSC) --project src/web/tsconfig.verify.json
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings -A rustdoc::private_intra_doc_links' cargo doc --locked --no-deps --document-private-items
	cargo deny --locked check bans licenses sources

# Apart, since the list of known faults comes from the network.
advisories:
	@scripts/setup --with-lints
	cargo deny --locked check advisories

drill: export GUICHET_DRILL = $(CURDIR)/var/drill.md
drill: export GUICHET_DRILL_ROUNDS ?= 5
drill:
	@scripts/setup --with-browser
	@mkdir -p var && rm -f "$$GUICHET_DRILL"
	@cargo test --locked --test portal -- flows::database::disasters --test-threads 1 >var/drill.log 2>&1 || { tail -n 40 var/drill.log; exit 1; }
	@echo '| scenario | acknowledged | missing | doubled | chain | first receipt after promotion |'
	@echo '|---|---|---|---|---|---|'
	@cat "$$GUICHET_DRILL"

drill-attachments: export GUICHET_DRILL = $(CURDIR)/var/drill-attachments.md
drill-attachments: export GUICHET_DRILL_ROUNDS ?= 5
drill-attachments:
	@scripts/setup --with-browser --with-garage
	@mkdir -p var && rm -f "$$GUICHET_DRILL"
	@cargo test --locked --test portal -- flows::attachments --test-threads 1 >var/drill-attachments.log 2>&1 || { tail -n 40 var/drill-attachments.log; exit 1; }
	@echo '| scenario | attachments acknowledged | missing | wrong | receipts that verify | longest wait |'
	@echo '|---|---|---|---|---|---|'
	@cat "$$GUICHET_DRILL"

slow-line: export GUICHET_LONG_UPLOAD ?= 25000000
slow-line:
	@scripts/setup --with-browser
	@cargo test --locked --test portal -- slow_line --test-threads 2

# GUICHET_RECORD_BENCH=1 replaces benches/recorded.json, with which later runs are compared.
bench:
	@scripts/setup
	cargo bench --locked --bench portal

bench-all:
	@scripts/setup --with-bench --with-garage
	cargo bench --locked

# Without a sanitizer the pinned stable toolchain does: what is looked for are panics, hangs and broken promises.
# FUZZ_RUNS bounds the executions of each target instead of its seconds; FUZZ_TARGETS names some of them.
FUZZ_TARGETS ?= admission appended form inspect upload_field json text receipt
FUZZ_RUNS ?=
FUZZ_SECONDS ?= $(if $(FUZZ_RUNS),0,60)
fuzz:
	@scripts/setup --with-fuzz
	@cp Cargo.lock fuzz/Cargo.lock
	@for target in $(FUZZ_TARGETS); do \
	  mkdir -p "var/fuzz/$$target" && \
	  cargo fuzz run --sanitizer none --target-dir "$(CARGO_TARGET_DIR)/fuzz" "$$target" "var/fuzz/$$target" "fuzz/corpus/$$target" \
	    -- $(if $(FUZZ_RUNS),-runs=$(FUZZ_RUNS)) -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=16384 || exit 1; \
	done
