"""Pavior compiles golden paths into GitOps manifests."""
