// Command gitops-health judges objects as Flux, Argo CD and kubectl's kin do, with their own libraries.
//
// It reads one JSON object per line and answers each with one line:
//
//	health  kstatus, Flux's evaluator of healthCheckExprs, and a health check of Argo CD in the Lua it embeds
//	strict  a manifest of Flux decoded strictly into the type that its controller uses
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

func main() {
	commands := map[string]func([]byte) (any, error){"health": judge, "strict": decode}
	if len(os.Args) != 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: gitops-health health|strict < lines of JSON > lines of JSON")
		os.Exit(2)
	}
	if err := answer(os.Stdin, os.Stdout, commands[os.Args[1]]); err != nil {
		fmt.Fprintln(os.Stderr, "gitops-health:", err)
		os.Exit(1)
	}
}

// answer calls the command for each line. A line that is no question ends the program; what the libraries refuse is
// an answer.
func answer(in io.Reader, out io.Writer, command func([]byte) (any, error)) error {
	lines := bufio.NewReaderSize(in, 1<<20)
	answers := json.NewEncoder(out)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			reply, refused := command(line)
			if refused != nil {
				return fmt.Errorf("line %d: %w", number, refused)
			}
			if err := answers.Encode(reply); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
