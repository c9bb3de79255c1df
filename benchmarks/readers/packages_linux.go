package main

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	nxadm "github.com/nxadm/tail"
)

// packages are libraries that follow a file, each in the few lines that its documentation has.
func packages(cfg config) []tool {
	return []tool{
		{name: "Go nxadm/tail", version: moduleVersion("github.com/nxadm/tail"), slack: 0.02, command: func(f folder) (*exec.Cmd, error) {
			self, err := os.Executable()
			return exec.Command(self, "-as", "nxadm", f.log), err
		}},
		npm(cfg, "tail").random(1),
		npm(cfg, "always-tail"),
		npm(cfg, "tail-file").random(0.02),
		npm(cfg, "chokidar").random(1),
	}
}

// followByNxadm is the role of a process of its own.
func followByNxadm(args []string) error {
	if len(args) != 1 {
		return errors.New("nxadm: which file?")
	}
	t, err := nxadm.TailFile(args[0], nxadm.Config{Follow: true, ReOpen: true, Logger: nxadm.DiscardingLogger})
	if err != nil {
		return err
	}
	for line := range t.Lines {
		fmt.Println(line.Text)
	}
	return t.Err()
}

//go:embed programs/*.js
var nodePrograms embed.FS

func npm(cfg config, name string) tool {
	t := installed(tool{name: "npm " + name, command: func(f folder) (*exec.Cmd, error) {
		program, err := nodePrograms.ReadFile("programs/" + name + ".js")
		if err != nil {
			return nil, err
		}
		script := filepath.Join(f.work, "follow.js")
		cmd := exec.Command("node", script, f.log)
		cmd.Env = append(os.Environ(), "NODE_PATH="+cfg.modules)
		return cmd, writeFile(script, string(program))
	}}, "node")
	if t.missing != nil {
		return t
	}
	var manifest struct{ Version string }
	text, err := os.ReadFile(filepath.Join(cfg.modules, name, "package.json"))
	if err != nil {
		t.missing = fmt.Errorf("npm package %s is not in %s", name, cfg.modules)
		return t
	}
	t.missing = json.Unmarshal(text, &manifest)
	t.version = name + " " + manifest.Version
	return t
}
