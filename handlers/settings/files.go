package settings

import (
	"fmt"
	"os"
	"strings"
)

// inFiles are the variables whose values may be secret. With _FILE behind its name each can be the path of a file that
// holds the value, which is how Docker and Kubernetes hand out secrets.
var inFiles = []string{"STORAGE_URL", "CAPTCHA_CACHE", "CAPTCHA_SECRETS", "CAPTCHA_SITES", "MASTER_CAPTCHA"}

// readFiles sets those variables of environment that are in files.
func readFiles(environment map[string]string) error {
	for _, name := range inFiles {
		path := environment[name+"_FILE"]
		if path == "" {
			continue
		}
		if environment[name] != "" {
			return fmt.Errorf("%s and %s_FILE are both set; set only one of them", name, name)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("%s_FILE=%q: must be the path of a file that holds %s: %w", name, path, name, err)
		}
		environment[name] = strings.TrimSpace(string(text))
	}
	return nil
}
