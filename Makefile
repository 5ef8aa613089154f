# Everything that is done with this repository. `make` alone prints the list.
# Targets with "##" after them are meant for people.

GO ?= go
NPM ?= npm
# Flags of go test.
GOTESTFLAGS ?=
# How long the tests of one package may take; CI allows more.
TESTTIMEOUT ?= 15m
# How long each fuzz target runs. CI counts tries instead: on a busy machine go
# test takes the end of the time for a failure now and then.
FUZZTIME ?= 20s
# Where tests put pictures of what they look at; none are made where it is empty.
ARTIFACTS ?=
# Flags of the bench: -rounds, -round, -postgres, -profile.
BENCH_FLAGS ?=
# An S3-compatible server for tests: a program of its own, not among our modules.
VERSITYGW ?= github.com/versity/versitygw/cmd/versitygw@v1.8.0
GOLANGCI ?= github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

export LEADLINE_ARTIFACTS := $(abspath $(ARTIFACTS))
# With LEADLINE_WIDE=1 browser tests look at every combination of states, languages,
# products and schemes, not at a choice of them.
export LEADLINE_WIDE

.PHONY: help run test wide check check-long bench widget embed build front s3server lint race fuzz size clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build widget ## start the demo: backend, sandbox and sample shop; Ctrl-C stops all
	@bin/demo

test: front ## run all tests (those on Chromium, PostgreSQL and S3 run where these are installed or built)
	cd backend/sitechat && $(NPM) test --silent
	$(GO) test $(GOTESTFLAGS) -timeout $(TESTTIMEOUT) ./...

wide: ## the tests in every combination, with pictures in artifacts/
	$(MAKE) test LEADLINE_WIDE=1 ARTIFACTS=artifacts TESTTIMEOUT=40m

check: wide lint race fuzz size ## wide, lint, race detector, short fuzzing, size budgets

check-long: front ## soak: 200 conversations, minutes of faults and kills (LEADLINE_SOAK=5m, LEADLINE_SOAK_SEED=n)
	LEADLINE_SOAK=$${LEADLINE_SOAK:-5m} $(GO) test $(GOTESTFLAGS) -run '^TestSoak' -v -timeout 60m ./backend/app

bench: front ## measure against the bare limits of this machine, as ratios (BENCH_FLAGS="-rounds 9")
	$(GO) run ./scripts/bench $(BENCH_FLAGS)
	$(GO) test -run '^$$' -bench . -benchtime 2s ./backend/store ./backend/realtime
	$(GO) test -run '^$$' -bench . -benchtime 9x ./backend/sitechat

widget: bin/leadline ## write dist/amocrm/widget.zip and dist/kommo/widget.zip
	bin/leadline widget build --platform amocrm --raise
	bin/leadline widget build --platform kommo --raise
	bin/leadline widget check dist/amocrm/widget.zip --platform amocrm --own
	bin/leadline widget check dist/kommo/widget.zip --platform kommo --own

embed: front ## build what the Go programs embed: the site chat and the sandbox's page libraries

build: front ## build bin/leadline, bin/sandbox and bin/demo
	$(GO) build -trimpath -ldflags '-s -w' -o bin/ ./backend/cmd/...

bin/leadline: build

s3server: bin/versitygw ## build the S3 server that tests of the file store run against

bin/versitygw:
	GOBIN=$(abspath bin) $(GO) install -trimpath -ldflags '-s -w' $(VERSITYGW)

# The front ends are made by npm from lock files; nothing of it is in git.
front: backend/sitechat/dist/manifest.json backend/sandbox/crmpage/built/twig.js

backend/sitechat/node_modules/.stamp: backend/sitechat/package-lock.json
	cd backend/sitechat && $(NPM) ci --no-audit --no-fund --silent && touch node_modules/.stamp

backend/sitechat/dist/manifest.json: backend/sitechat/node_modules/.stamp $(shell find backend/sitechat/src backend/sitechat/scripts -type f 2>/dev/null)
	cd backend/sitechat && $(NPM) run build --silent

backend/sandbox/node_modules/.stamp: backend/sandbox/package-lock.json
	cd backend/sandbox && $(NPM) ci --no-audit --no-fund --silent && touch node_modules/.stamp

backend/sandbox/crmpage/built/twig.js: backend/sandbox/node_modules/.stamp
	cd backend/sandbox && $(NPM) run build --silent

lint: front
	@test -z "$$(gofmt -l backend)" || { echo "gofmt:"; gofmt -l backend; exit 1; }
	$(GO) vet ./...
	cd backend/sitechat && $(NPM) run check --silent
	$(GO) run $(GOLANGCI) run ./...

# The driver of the browser has races of its own, and a race fails whatever ran.
race: front
	LEADLINE_NO_BROWSER=1 $(GO) test -race -timeout 25m ./...

fuzz: ## fuzz everything that reads what comes from outside, each for FUZZTIME
	$(GO) test -run '^$$' -fuzz FuzzParseHook -fuzztime $(FUZZTIME) ./backend/amojo
	$(GO) test -run '^$$' -fuzz FuzzMarkup -fuzztime $(FUZZTIME) ./backend/amojo
	$(GO) test -run '^$$' -fuzz FuzzVerifySignature -fuzztime $(FUZZTIME) ./backend/amojo
	$(GO) test -run '^$$' -fuzz FuzzParseHints -fuzztime $(FUZZTIME) ./backend/amocrm
	$(GO) test -run '^$$' -fuzz FuzzVerify -fuzztime $(FUZZTIME) ./backend/auth
	$(GO) test -run '^$$' -fuzz FuzzReadUserToken -fuzztime $(FUZZTIME) ./backend/auth
	$(GO) test -run '^$$' -fuzz FuzzCheck -fuzztime $(FUZZTIME) ./backend/widgetzip
	$(GO) test -run '^$$' -fuzz FuzzBot -fuzztime $(FUZZTIME) ./backend/greeting
	$(GO) test -run '^$$' -fuzz FuzzDecodeStrict -fuzztime $(FUZZTIME) ./backend/sandbox
	$(GO) test -run '^$$' -fuzz FuzzInspect -fuzztime $(FUZZTIME) ./backend/media
	$(GO) test -run '^$$' -fuzz FuzzThumbnail -fuzztime $(FUZZTIME) ./backend/media
	$(GO) test -run '^$$' -fuzz FuzzCleanName -fuzztime $(FUZZTIME) ./backend/media

size: front
	cd backend/sitechat && $(NPM) run size --silent

clean: ## remove what was built; data/ stays
	rm -rf bin dist artifacts backend/sitechat/dist backend/sitechat/node_modules backend/sandbox/node_modules
