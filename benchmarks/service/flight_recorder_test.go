package main

import (
	"testing"

	base "example.com/zaphandlers/zapcore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func flightKind() kind {
	return kind{"flight", func() destination { return new(flightRecorder) }}
}

func TestTheFlightRecorderKeepsTheVisitsWithAnError(t *testing.T) {
	ok, dir, stdout, _ := try(t, t.Context(), config{requests: 605, producers: 1, keep: true}, flightKind())
	assert.True(t, ok, stdout)
	assert.Regexp(t, `(?m)^flight +605 +30 +0 +575 +0 +30 `, stdout)
	var got []uint64
	for _, r := range read(t, dir) {
		got = append(got, r.Seq)
	}
	var want []uint64
	for _, first := range []uint64{190, 390, 590} {
		for i := range uint64(visitLength) {
			want = append(want, first+i)
		}
	}
	assert.Equal(t, want, got, "requests 199, 399 and 599 are errors, and what led there comes before")
}

func TestTheFlightRecorderKeepsVisitsApartThatHappenAtOnce(t *testing.T) {
	ok, _, stdout, _ := try(t, t.Context(), config{requests: 10_000, producers: 8}, flightKind())
	assert.True(t, ok, stdout)
	assert.Regexp(t, `(?m)^flight +10,000 +[345]\d\d +0 +9,[567]\d\d +0 +[345]\d\d `, stdout)
}

func TestTheFlightRecorderEndsTheLastVisitToo(t *testing.T) {
	for _, tt := range []struct {
		name  string
		level zapcore.Level // of one record of the last visit
		want  base.Stats
	}{
		{"with an error", zapcore.ErrorLevel, base.Stats{Accepted: 27, Delivered: 7, Skipped: 20}},
		{"without one", zapcore.WarnLevel, base.Stats{Accepted: 27, Skipped: 27}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := opened{destination: new(flightRecorder), name: "flight"}
			core, err := d.open(t.TempDir())
			require.NoError(t, err)
			m := newMeter(core, zapcore.AddSync(t.Output()))
			for range 23 {
				m.log(&record{Message: "as ever"})
			}
			m.log(&record{Level: tt.level, Message: "look"})
			for range 3 {
				m.log(&record{Message: "as ever"})
			}
			require.NoError(t, d.close())
			got, err := d.account(m)
			require.NoError(t, err)
			assert.Empty(t, got.problems)
			assert.Equal(t, tt.want, got.stats)
			assert.Equal(t, tt.want.Delivered, got.tally.found)
		})
	}
}

func TestTheFlightRecorderTakesOnlyWhatHasANumber(t *testing.T) {
	d := new(flightRecorder)
	core, err := d.open(t.TempDir())
	require.NoError(t, err)
	assert.Error(t, core.Write(zapcore.Entry{}, nil))
	assert.Error(t, core.Write(zapcore.Entry{}, []zapcore.Field{zap.Int("n", 1)}))
	require.NoError(t, d.close())
}
