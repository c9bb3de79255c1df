module example.com/zaphandlers/benchmarks

go 1.26.0

replace example.com/zaphandlers => ../

tool honnef.co/go/tools/cmd/staticcheck

require (
	example.com/zaphandlers v0.0.0-00010101000000-000000000000
	github.com/fluent/fluent-logger-golang v1.10.2
	github.com/stretchr/testify v1.12.1
	go.uber.org/multierr v1.11.0
	go.uber.org/zap v1.28.0
	gopkg.in/Graylog2/go-gelf.v2 v2.0.0-20191017102106-1550ee647df0
)

require (
	github.com/BurntSushi/toml v1.4.1-0.20240526193622-a339e1f7089c // indirect
	github.com/philhofer/fwd v1.2.0 // indirect
	github.com/tinylib/msgp v1.3.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/exp/typeparams v0.0.0-20231108232855-2478ac86f678 // indirect
	golang.org/x/mod v0.41.0 // indirect
	golang.org/x/sync v0.23.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/tools v0.51.0 // indirect
	honnef.co/go/tools v0.8.2 // indirect
)
