// Command publicapi prints how many identifiers each public package exports,
// and how many methods their types have. With -v it prints the declarations.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/kubevast/vast/internal/architecture"
)

func main() {
	verbose := flag.Bool("v", false, "print the declarations, too")
	flag.Parse()
	all, err := architecture.PublicAPI(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "publicapi:", err)
		os.Exit(1)
	}
	identifiers, methods := 0, 0
	for _, api := range all {
		identifiers, methods = identifiers+api.Identifiers, methods+api.Methods
		fmt.Printf("%-15s %4d identifiers %4d methods\n", api.Package, api.Identifiers, api.Methods)
		if !*verbose {
			continue
		}
		for _, line := range api.Lines {
			fmt.Println("\t" + line)
		}
	}
	fmt.Printf("%-15s %4d identifiers %4d methods\n", "all", identifiers, methods)
}
