//go:build tools

// Package tools pins helm: go.mod its version, go.sum the checksums of it and of all it is built from.
package tools

import _ "helm.sh/helm/v3/cmd/helm" // a command: imported only so that go.mod keeps it
