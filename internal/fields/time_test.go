package fields

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestTimesFarAwayAreClampedToTheNearest(t *testing.T) {
	first, last := time.Unix(firstSecond, 0), time.Unix(lastSecond, 999_999_999)
	east, west := time.FixedZone("", 14*3600), time.FixedZone("", -12*3600)
	for _, test := range []struct {
		name     string
		at, want time.Time
	}{
		{"the first that there is", time.Unix(math.MinInt64, 0), first},
		{"one whose year wraps", time.Unix(-9223372028741760001, 0), first},
		{"one whose year does not wrap", time.Unix(-9223372028741760000, 0), first},
		{"the last that there is", time.Unix(math.MaxInt64, 0), last},
		{"before the year 0", time.Unix(firstSecond-1, 0).UTC(), first},
		{"after the year 9999", time.Unix(lastSecond+1, 0).UTC(), last},
		{"the year -1 in its zone", time.Unix(firstSecond, 0).In(west), first},
		{"the year 10000 in its zone", time.Unix(lastSecond, 0).In(east), last},
		{"the year 0 in its zone", time.Unix(firstSecond-1, 0).In(east), time.Unix(firstSecond-1, 0)},
		{"the year 9999 in its zone", time.Unix(lastSecond+1, 0).In(west), time.Unix(lastSecond+1, 0)},
		{"the zero time", time.Time{}, time.Time{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Clamped(test.at)
			assert.Equal(t, test.want.UTC(), got.UTC())
			assert.True(t, got.Year() >= 0 && got.Year() <= 9999)
		})
	}
}
