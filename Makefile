# What users and CI call. `make build` needs Go 1.26 and Node 20.19 or newer.

GO      ?= go
NPM     ?= npm
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)
# The race detector needs a C compiler.
RACE    := $(shell command -v "$$($(GO) env CC 2>/dev/null | cut -d' ' -f1)" >/dev/null 2>&1 && echo -race)
FUZZTIME ?= 5m
# Tests whose sizes and times the build tag torture sets.
TORTURES := Crowd|Flood|Relay|CutOff|Bombs|Thousand|Suspended|AtLength

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.7.0

.PHONY: build run test check bench torture screenshots clean page go-build echo modules test-go test-page test-e2e test-outside fuzz chromium race-note

build: page go-build

page: dashboard/dist/index.html

dashboard/node_modules: dashboard/package.json dashboard/package-lock.json
	cd dashboard && ../.ci/again $(NPM) ci --no-audit --no-fund
	@touch $@

dashboard/dist/index.html: dashboard/node_modules dashboard/index.html $(wildcard dashboard/*.ts dashboard/*.json) $(shell find dashboard/src -type f 2>/dev/null)
	cd dashboard && $(NPM) run build

go-build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/monitord ./cmd/monitord

echo:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o bin/echo ./stream/echo

run: build
	bin/monitord run --config monitord.toml

# Every test there is.
test: test-go test-outside test-page test-e2e

test-go: race-note page
	$(GO) test $(RACE) -shuffle=on -timeout 20m ./...
	cd bench && $(GO) test -timeout 5m ./...

# The daemon against programs that are not ours: proxies and other people's clients.
test-outside: page
	@.ci/install nginx=nginx-light curl=curl openssl=openssl python3:websockets=python3-websockets prometheus-alertmanager=prometheus-alertmanager amtool=prometheus-alertmanager promtool=prometheus aiosmtpd=python3-aiosmtpd strace=strace
	$(GO) test -tags outside -run '^TestOutside' -timeout 10m ./cmd/monitord

race-note:
ifeq ($(RACE),)
	@echo "no C compiler: testing without the race detector; install gcc for it" >&2
endif

test-page: dashboard/node_modules
	cd dashboard && $(NPM) test

# The very daemon, driven by a real browser.
test-e2e: build chromium
	@.ci/install openssl=openssl
	cd dashboard && MONITORD_BIN=$(CURDIR)/bin/monitord $(NPM) run e2e

chromium:
	@dashboard/e2e/install-chromium

# All that Go has to fetch, before something else takes its absence for a fault.
modules:
	@.ci/again $(GO) list -deps -test -tags 'outside torture' ./... >/dev/null
	@cd bench && ../.ci/again $(GO) list -deps -test ./... >/dev/null
	@GOBIN=$(CURDIR)/bin .ci/again $(GO) install $(STATICCHECK)

check: dashboard/node_modules modules
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "not formatted, run gofmt -w:" $$unformatted >&2; exit 1; fi
	$(GO) vet ./...
	$(GO) vet -tags outside ./cmd/monitord
	$(GO) vet -tags torture ./stream ./alerts ./alerts/hooks/... ./cmd/monitord
	cd bench && $(GO) vet ./...
	GOOS=darwin CGO_ENABLED=0 $(GO) vet ./stream ./alerts/journal
	bin/staticcheck ./...
	.ci/again $(GO) mod tidy -diff
	systemd/verify
	cd dashboard && $(NPM) run check

# Figures beside their targets; nothing here decides a test.
bench: build echo
	cd bench && $(GO) run ./run -monitord ../bin/monitord -echo ../bin/echo $(BENCHFLAGS)

# Each fuzz target for FUZZTIME, one after the other. What is kept in testdata/fuzz is
# part of every run of the tests; what is found by chance is looked for here.
fuzz:
	.ci/fuzz $(FUZZTIME)

# Long: fuzzing, what the daemon must survive in full size (the tests have it smaller),
# and every test again and again in random order.
torture: fuzz page
	$(GO) test -tags torture -shuffle=on -v -timeout 60m -run '$(TORTURES)' ./stream ./alerts ./alerts/hooks/... ./cmd/monitord
	$(GO) test -tags torture $(RACE) -run '^(TestNothingIsLostAtRandom|TestKillLoop)$$' -v -timeout 30m ./cmd/monitord
	@.ci/install strace=strace
	$(GO) test -tags 'torture outside' -run '^TestOutsideStraceKills$$' -v -timeout 30m ./cmd/monitord
	$(GO) test $(RACE) -shuffle=on -count=10 -timeout 60m ./...

screenshots: build chromium
	cd dashboard && MONITORD_BIN=$(CURDIR)/bin/monitord $(NPM) run screenshots

clean:
	rm -rf bin dashboard/dist/assets dashboard/dist/index.html dashboard/node_modules
