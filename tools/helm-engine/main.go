// Helm-engine renders charts one after another with Helm's own engine in one process, and writes what comes of them:
// `helm-engine OUTPUT CHART…`, each chart into a folder of its name below OUTPUT. For `make bench`: what Helm costs without the start
// of its command.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

func render(folder, output string) error {
	chart, err := loader.LoadDir(folder)
	if err != nil {
		return err
	}
	release := chartutil.ReleaseOptions{Name: chart.Name(), Namespace: "default", Revision: 1, IsInstall: true}
	values, err := chartutil.ToRenderValues(chart, nil, release, nil)
	if err != nil {
		return err
	}
	files, err := engine.Render(chart, values)
	if err != nil {
		return err
	}
	for name, text := range files {
		path := filepath.Join(output, filepath.Base(folder), filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	if len(os.Args) < 3 {
		fmt.Println("usage: helm-engine OUTPUT CHART...")
		return
	}
	for _, folder := range os.Args[2:] {
		if err := render(folder, os.Args[1]); err != nil {
			fmt.Fprintf(os.Stderr, "helm-engine: %s: %v\n", folder, err)
			os.Exit(1)
		}
	}
}
