// Lighthouse runs Google's Lighthouse on pages of the demo, in a headless Chromium. It visits each page five times, and
// prints the median score in each of the four categories and what cost points in the last run:
//
//	npm ci --prefix tests/tools/lighthouse
//	go run . &
//	go run ./tests/tools/lighthouse http://localhost:3000
//	go run ./tests/tools/lighthouse http://localhost:3000 /signup /stats
//
// The figures depend on the machine that it runs on, because Lighthouse measures there and then simulates the
// performance of a mid-range phone.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

var (
	pages      = []string{"/", "/contact", "/playground"}
	categories = []string{"performance", "accessibility", "best-practices", "seo"}
)

// report is what Lighthouse says, as far as it is read here.
type report struct {
	Categories map[string]struct {
		Score     float64 // 0 to 1
		AuditRefs []struct {
			ID     string
			Weight float64
		}
	}
	Audits map[string]struct {
		Score        *float64
		Title        string
		DisplayValue string
	}
}

func main() {
	runs := flag.Int("runs", 5, "number of runs for each page")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: lighthouse [-runs 5] http://localhost:3000 [page ...]")
		os.Exit(2)
	}
	if flag.NArg() > 1 {
		pages = flag.Args()[1:]
	}
	for _, page := range pages {
		if err := judge(strings.TrimSuffix(flag.Arg(0), "/")+page, *runs); err != nil {
			fmt.Fprintln(os.Stderr, "lighthouse:", err)
			os.Exit(1)
		}
	}
}

// judge prints the medians of a page.
func judge(url string, runs int) error {
	scores := make(map[string][]float64)
	var last report
	for range runs {
		var err error
		if last, err = run(url); err != nil {
			return err
		}
		for _, category := range categories {
			scores[category] = append(scores[category], 100*last.Categories[category].Score)
		}
	}
	fmt.Println(url)
	for _, category := range categories {
		slices.Sort(scores[category])
		fmt.Printf("  %-15s %3.0f   median of %.0f\n", category, scores[category][runs/2], scores[category])
		for _, ref := range last.Categories[category].AuditRefs {
			audit := last.Audits[ref.ID]
			if ref.Weight > 0 && audit.Score != nil && *audit.Score < 1 {
				fmt.Printf("    %.2f %s %s\n", *audit.Score, audit.Title, audit.DisplayValue)
			}
		}
	}
	return nil
}

func run(url string) (r report, err error) {
	flags := "--headless=new"
	if os.Geteuid() == 0 {
		flags += " --no-sandbox" // Chromium's sandbox does not work for root
	}
	command := exec.Command("node", filepath.Join("tests", "tools", "lighthouse", "node_modules", "lighthouse", "cli", "index.js"), url,
		"--quiet", "--output=json", "--chrome-flags="+flags, "--only-categories="+strings.Join(categories, ","))
	if chromium, err := exec.LookPath("chromium"); err == nil {
		command.Env = append(os.Environ(), "CHROME_PATH="+chromium)
	}
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		return r, fmt.Errorf("%s: %w", url, err)
	}
	return r, json.Unmarshal(output, &r)
}
