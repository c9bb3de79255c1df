module example.com/zaphandlers

go 1.26.0

require (
	github.com/stretchr/testify v1.12.1
	go.uber.org/multierr v1.11.0
	go.uber.org/zap v1.28.0
	golang.org/x/sys v0.49.0
)

require go.yaml.in/yaml/v3 v3.0.5 // indirect
