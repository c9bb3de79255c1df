//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package queuetest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/queuecore"
	"example.com/zaphandlers/queuecore/queuetest"
)

func TestDisk(t *testing.T) {
	queuetest.Run(t, func(t *testing.T) queuecore.Queue {
		d, err := queuecore.NewDisk(queuecore.DiskConfig{Dir: t.TempDir()})
		require.NoError(t, err)
		return d
	})
}

func TestDiskOfSmallSegmentsThatSyncsEach(t *testing.T) {
	queuetest.Run(t, func(t *testing.T) queuecore.Queue {
		d, err := queuecore.NewDisk(queuecore.DiskConfig{Dir: t.TempDir(), SegmentBytes: 200, SyncInterval: -1})
		require.NoError(t, err)
		return d
	})
}
