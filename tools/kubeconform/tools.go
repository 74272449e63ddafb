//go:build tools

// Package tools pins kubeconform: go.mod its version, go.sum the checksums of it and of all it is built from.
package tools

import _ "github.com/yannh/kubeconform/cmd/kubeconform" // a command: imported only so that go.mod keeps it
