//go:build tools

// Package tools pins istioctl: go.mod its version, go.sum the checksums of it and of all it is built from.
package tools

import _ "istio.io/istio/istioctl/cmd/istioctl" // a command: imported only so that go.mod keeps it
