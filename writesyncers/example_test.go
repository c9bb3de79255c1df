package writesyncers_test

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"example.com/zaphandlers/writesyncers"
)

func ExampleNewStream() {
	stream := writesyncers.NewStream(os.Stdout)
	defer stream.Close()
	fmt.Fprintln(stream, "one record")
	// Output: one record
}

func ExampleNewFile() {
	dir, _ := os.MkdirTemp("", "")
	defer os.RemoveAll(dir)
	file, err := writesyncers.NewFile(writesyncers.FileConfig{Path: filepath.Join(dir, "logs", "app.log"), MakeDirs: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Fprintln(file, "one record")
	fmt.Println(file.Close(), file.Stats().Delivered)
	// Output: <nil> 1
}

func ExampleNewRotatingFile() {
	dir, _ := os.MkdirTemp("", "")
	defer os.RemoveAll(dir)
	file, err := writesyncers.NewRotatingFile(writesyncers.RotatingFileConfig{
		Path:        filepath.Join(dir, "app.log"),
		MaxBytes:    30,
		BackupCount: 2,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range 5 {
		fmt.Fprintln(file, "record number", i)
	}
	fmt.Println(file.Close())
	backup, _ := os.ReadFile(filepath.Join(dir, "app.log.1"))
	fmt.Print(string(backup))
	// Output:
	// <nil>
	// record number 3
}

func ExampleNewTimedRotatingFile() {
	dir, _ := os.MkdirTemp("", "")
	defer os.RemoveAll(dir)
	file, err := writesyncers.NewTimedRotatingFile(writesyncers.TimedRotatingFileConfig{
		Path:        filepath.Join(dir, "app.log"),
		When:        "midnight",
		BackupCount: 7,
		MaxBytes:    10 << 20, // and by size, should a day bring much
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Fprintln(file, "today")
	err = file.Rollover()
	backups, _ := file.Backups()
	fmt.Println(err, len(backups))
	fmt.Println(file.Close())
	// Output:
	// <nil> 1
	// <nil>
}

func ExampleSchedule_Next() {
	saturdays := writesyncers.Schedule{When: "W5", Location: time.UTC}
	fmt.Println(saturdays.Next(time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)))
	// Output: 2024-03-03 00:00:00 +0000 UTC
}
