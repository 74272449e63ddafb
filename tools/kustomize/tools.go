//go:build tools

// Package tools pins kustomize: go.mod its version, go.sum the checksums of it and of all it is built from.
package tools

import _ "sigs.k8s.io/kustomize/kustomize/v5" // a command: imported only so that go.mod keeps it
