package queuetest_test

import (
	"testing"

	"example.com/zaphandlers/queuecore"
	"example.com/zaphandlers/queuecore/queuetest"
)

func TestMemory(t *testing.T) {
	queuetest.Run(t, func(*testing.T) queuecore.Queue { return queuecore.NewMemory(0) })
}
