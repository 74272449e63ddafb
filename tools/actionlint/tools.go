//go:build tools

// Package tools pins actionlint: go.mod its version, go.sum the checksums of it and of all it is built from.
package tools

import _ "github.com/rhysd/actionlint/cmd/actionlint" // a command: imported only so that go.mod keeps it
