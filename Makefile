# What a developer runs. `go build ./...` and `go test ./...` need none of it.

# `make help` lists the targets.

.PHONY: lambda-zip help test race soak lint bench definitions screenshots generate-page test-clients judge fuzz test-asl-validators generate-catalogue mutants

help:            ## this list
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/: *(.*)## /\t/' | expand -t 24

test:            ## the whole suite
	go test ./...

race:            ## the suite under the race detector
	go test -race ./...

# Seeds of the soak: make soak SEEDS=2000 FIRST=1. One that failed: make soak SEEDS=1 FIRST=<seed>
SEEDS ?= 1000
FIRST ?= 1
soak:            ## random fleets, healed while everything happens; each held against the embedded AWS
	nice go test ./heal -run TestSoak -count=1 -timeout 60m -soak.first=$(FIRST) -soak.seeds=$(SEEDS)

mutants:         ## one fault at a time, planted into the code; the tests must notice each (an hour)
	nice go run ./mutants

lint:            ## what CI checks besides tests
	gofmt -l $$(git ls-files '*.go')
	go vet ./...
	go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

# For `setmend install --zip`: make lambda-zip, or make lambda-zip LAMBDA=amd64
LAMBDA ?= arm64
lambda-zip:      ## the functions' code, for setmend install --zip
	folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	CGO_ENABLED=0 GOOS=linux GOARCH=$(LAMBDA) go build -trimpath -ldflags '-s -w' -o "$$folder/bootstrap" ./cmd/setmend && \
	rm -f setmend-lambda-$(LAMBDA).zip && (cd "$$folder" && zip -9 -q "$(CURDIR)/setmend-lambda-$(LAMBDA).zip" bootstrap)

bench:           ## the benchmark table; writes bench/latest.json
	SETMEND_BENCH=1 go test ./bench -run TestTable -count=1 -timeout 20m -v

# DEFINITIONS is a folder of definitions in the States Language.
DEFINITIONS ?= deploy
definitions:     ## how many of the definitions in the folder DEFINITIONS validate; the others, and why not
	folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && go build -o "$$folder/setmend" ./cmd/setmend && \
	good=0 && all=0 && find "$(DEFINITIONS)" -name '*.asl.json' -o -name '*.asl.yaml' -o -name '*.asl.yml' | sort > "$$folder/list" && \
	while read -r file; do all=$$((all + 1)); "$$folder/setmend" workflow validate "$$file" 2>/dev/null && good=$$((good + 1)); done < "$$folder/list"; \
	echo "$$good of $$all definitions validate"

generate-page:   ## the dashboard's script and style sheet, from the modules in dashboard/web
	go generate ./dashboard

screenshots:     ## the pictures in the README, from the demonstration (needs Chromium)
	folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	go run ./cmd/setmend demo --no-serve --out "$$folder" >/dev/null && \
	go run ./cmd/setmend dashboard --journal "$$folder/journal.db" --out "$$folder/page.html" && \
	SETMEND_DEMO="$$folder" SETMEND_SCREENSHOTS=$(CURDIR)/docs/images go test ./dashboard -run TestScreenshots -count=1

test-asl-validators: ## the npm validators accept every definition that is shipped
	cd clients && npm ci --no-audit --no-fund
	node clients/validate-asl.mjs deploy/*.asl.json deploy/workflows/*.asl.json

test-clients: test-asl-validators ## the embedded AWS under the AWS CLI, boto3 and the JavaScript SDK, where they are
	if command -v npm >/dev/null; then cd clients/testdata && npm ci --no-audit --no-fund; fi
	SETMEND_CLIENTS=yes go test ./clients -count=1 -timeout 20m -v

# The two public packages that the catalogue of resource types is made from. CFN_LINT
# is the folder that cfn-lint is installed in (pip install --target), or its wheel.
SERVICE_SPEC ?= 0.1.216
CFN_LINT ?= $(shell python3 -c 'import cfnlint, os; print(os.path.dirname(os.path.dirname(cfnlint.__file__)))')
generate-catalogue: ## the embedded AWS's catalogue of resource types, from the public schemas (needs npm and cfn-lint 1.51.0)
	folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	npm pack --silent --pack-destination "$$folder" @aws-cdk/aws-service-spec@$(SERVICE_SPEC) >/dev/null && \
	go run ./awssim/internal/catalogue/generate -cfn-lint "$(CFN_LINT)" -service-spec "$$folder"/*.tgz \
		-out awssim/internal/catalogue/catalogue.bin

# TF_PLUGINS names a folder of Terraform providers where there is no registry.
judge:           ## the embedded AWS under 100,000 generated requests, Terraform, the CLI's waiters and other tools, where they are
	SETMEND_JUDGE=yes go test ./clients -run TestJudges -count=1 -timeout 60m -v
