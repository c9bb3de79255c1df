package faults

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestLedger(t *testing.T) {
	l := newLedger()
	l.takeLines([]byte(record(1, 40) + "\n" + record(2, 40) + "\n" + record(2, 40) + "\nreco" + record(3, 40) + "\n\x00" + record(4, 40) + "\nrecord 5"))
	l.take([]byte(`<14> web7 {"msg":"` + record(5, 40) + `"}` + "\n"))
	l.take([]byte(record(6, 40) + record(7, 40)))
	l.wrote(1, nil)
	l.wrote(5, errors.New("it arrived all the same"))
	l.wrote(8, errors.New("refused"))
	l.drop(2)
	assert.Equal(t, outcome{sent: 20, arrived: 4, reported: 3, lost: 13, doubled: 1, torn: 3}, l.outcome(20))
	assert.Equal(t, outcome{sent: 5, arrived: 4, reported: 1, doubled: 1, torn: 3}, l.outcome(5), "never more than all")
}

func TestRecordsHaveTheirSize(t *testing.T) {
	assert.Len(t, record(123, 100), 100)
}
