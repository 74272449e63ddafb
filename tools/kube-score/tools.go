//go:build tools

// Package tools pins kube-score: go.mod its version, go.sum the checksums of it and of all it is built from.
package tools

import _ "github.com/zegl/kube-score/cmd/kube-score" // a command: imported only so that go.mod keeps it
