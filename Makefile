# `make test` is the gate, the same on a laptop and in CI.

FUZZTIME ?= 10000x
TOOL := go tool -modfile=.ci/tools/go.mod

.PHONY: setup build static test vet format lint race sample simulate fuzz bench torture matrix races takeover

# Installs what the tests need and this machine lacks.
setup:
	.ci/setup

build:
	go build ./...
	go build -o bin/infolettre ./cmd/infolettre

# The released binary: no libc, no paths of the machine that built it.
STATIC ?= bin/infolettre
static:
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o $(STATIC) ./cmd/infolettre

# In this order: what fails fastest comes first.
test: setup build vet format lint race sample fuzz

vet:
	go vet ./...

format:
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt -w:" $$unformatted >&2; exit 1; }

lint:
	$(TOOL) staticcheck ./...

# With -short, what takes thousands of mails or years takes a tenth of them; the
# whole is tried without the race detector, in sample.
race:
	go test -race -short -timeout 20m ./...

# Kills, faults and departures in the middle of sends, and years of the schedule
# with crashes, bad weather and changes of mind. A failing year is named, and
# lived through again with -seed N.
SEEDS ?= 10000
YEARS ?= 30

sample:
	go test -timeout 20m ./pipeline/deliver ./pipeline/issue
	go test -run TestSimulatedYears -timeout 20m ./pipeline/schedule -seeds 200

simulate:
	go test -run TestSlotsOverYears -timeout 0 ./pipeline/issue -years $(YEARS)
	go test -run TestSimulatedYears -timeout 0 ./pipeline/schedule -seeds $(SEEDS)

# Every fuzz target with FUZZTIME inputs; the seeds already ran as ordinary tests.
# FUZZTIME=1m works too, but up to Go 1.26 a target whose time is up may fail for
# that alone, with "context deadline exceeded" (go.dev/issue/75804).
# Left alone, minimizing an input takes up to a minute and looks for nothing new.
fuzz:
	@grep -rHo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sed 's/:func / /' | \
	while read -r file name; do \
		echo "$$name: $${file%/*}"; \
		go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "$${file%/*}" </dev/null || exit 1; \
	done

bench:
	go test -run '^$$' -bench . -benchmem -timeout 0 ./...

# On each database, kills KILLS senders of READERS mails with SIGKILL, half of
# them under each policy, and stops a fifth as many with SIGTERM, at random
# moments; prints the seeds and what it cost.
KILLS ?= 1000
READERS ?= 100000
torture:
	go test -run TestTorture -v -timeout 0 ./pipeline/deliver -kills $(KILLS) -terms $$(( $(KILLS) / 5 )) -readers $(READERS)

# Every fault at every step, with a thousand recipients each.
matrix:
	go test -run TestFaultMatrix -timeout 0 ./pipeline/deliver -recipients 1000

# Processes race for a thousand slots on each database; the gate has 25.
races:
	INFOLETTRE_RACES=1000 go test -run TestRaces -timeout 2h ./pipeline/schedule

# A worker is lost in the middle of 100,000 mails; in the gate, of 1,500.
takeover:
	INFOLETTRE_TAKEOVER=100000 go test -run TestTakeover -timeout 1h -v ./pipeline/schedule
