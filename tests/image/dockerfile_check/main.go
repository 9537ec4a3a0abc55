// Reads a Dockerfile as BuildKit does and prints what BuildKit would warn of; exit code 1 for that or for an error.
package main

import (
	"fmt"
	"os"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		fail(err)
	}
	parsed, err := parser.Parse(file)
	if err != nil {
		fail(err)
	}
	warnings := 0
	warn := func(rule, description, url, message string, location []parser.Range) {
		warnings++
		line := 0
		if len(location) > 0 {
			line = location[0].Start.Line
		}
		fmt.Printf("line %d: %s: %s (%s)\n", line, rule, message, url)
	}
	for _, warning := range parsed.Warnings {
		warn("parser", "", warning.URL, warning.Short, nil)
	}
	stages, _, err := instructions.Parse(parsed.AST, linter.New(&linter.Config{Warn: warn}))
	if err != nil {
		fail(err)
	}
	fmt.Printf("%d stages\n", len(stages))
	if warnings > 0 {
		os.Exit(1)
	}
}

func fail(err error) {
	fmt.Println(err)
	os.Exit(1)
}
