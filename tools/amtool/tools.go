//go:build tools

// Package tools pins amtool: go.mod its version, go.sum the checksums of it and of all it is built from.
package tools

import _ "github.com/prometheus/alertmanager/cmd/amtool" // a command: imported only so that go.mod keeps it
