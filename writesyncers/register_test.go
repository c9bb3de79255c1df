package writesyncers

import (
	"math"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func TestRegisterSinksGivesZapOurFiles(t *testing.T) {
	require.NoError(t, RegisterSinks())
	require.NoError(t, RegisterSinks(), "again")
	dir := t.TempDir()
	slashed := filepath.ToSlash(dir)
	if slashed[0] != '/' {
		slashed = "/" + slashed
	}
	out, closeAll, err := zap.Open(
		"rotate://"+slashed+"/rotate.log?maxBytes=60&backups=5&compress=gzip&fsync=never",
		"timed://"+slashed+"/timed.log?when=midnight&backups=7&location=UTC",
		"watch://localhost"+slashed+"/deep/er/watch.log?makeDirs&buffer=64KiB",
	)
	require.NoError(t, err)
	encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "msg"})
	logger := zap.New(zapcore.NewCore(encoder, out, zap.InfoLevel))
	logger.Info("first of two, and a long one that fills a file")
	logger.Info("second of two")
	require.NoError(t, logger.Sync())
	first, second := `{"msg":"first of two, and a long one that fills a file"}`+"\n", `{"msg":"second of two"}`+"\n"
	assert.Equal(t, second, read(t, filepath.Join(dir, "rotate.log")))
	assert.Equal(t, first+second, read(t, filepath.Join(dir, "timed.log")))
	assert.Equal(t, first+second, read(t, filepath.Join(dir, "deep", "er", "watch.log")))
	closeAll()
	assert.Equal(t, first, plain(t, filepath.Join(dir, "rotate.log.1.gz")))
}

func TestSinkURLsThatAreWrongSayWhere(t *testing.T) {
	require.NoError(t, RegisterSinks())
	for address, want := range map[string]string{
		"rotate:///x?maxSize=3":                     `rotate:///x?maxSize=3: parameter "maxSize" is unknown`,
		"rotate:///x?when=midnight":                 `parameter "when" is unknown`,
		"rotate:///x?maxBytes=10MiBs":               `parameter "maxBytes": "10MiBs" is no size such as 10MiB`,
		"rotate:///x?maxBytes=-1":                   `parameter "maxBytes": "-1" is no size such as 10MiB`,
		"rotate:///x?maxBytes=1e300GiB":             `parameter "maxBytes": "1e300GiB" is no size`,
		"rotate:///x?backups=many":                  `parameter "backups": "many" is no number`,
		"rotate:///x?backups=-2":                    `BackupCount -2 is less than -1`,
		"rotate:///x?compress=rar":                  `Compress "rar" is unknown`,
		"rotate:///x?maxAge=soon":                   `parameter "maxAge": "soon" is no duration such as 90s, 24h or 7d`,
		"rotate:///x?backups=1&backups=2":           `parameter "backups" is given 2 times`,
		"rotate:///x?fsync=perhaps":                 `parameter "fsync": "perhaps" is unknown`,
		"rotate:///x?perm=rw":                       `parameter "perm": "rw" are no octal permissions such as 0640`,
		"rotate:///x?perm=000":                      `parameter "perm": "000" are no octal permissions such as 0640`,
		"rotate:///x?maxAge=NaN":                    `parameter "maxAge": "NaN" is no duration such as 90s, 24h or 7d`,
		"rotate:///x?buffer=9e18":                   `is more than 1073741824`,
		"rotate://host/x":                           `a file has no host; write rotate:///path`,
		"rotate://user:secret@host/x":               `rotate://user:xxxxx@host/x: a file has no host`,
		"rotate:///x#y":                             `a file has no fragment "y"`,
		"rotate:":                                   `Path is required`,
		"rotate:///x?a=%zz":                         `invalid URL escape "%zz"`,
		"timed:///x?when=never":                     `When "never" is unknown`,
		"timed:///x?location=Nowhere/AtAll":         `parameter "location": unknown time zone Nowhere/AtAll`,
		"timed:///x?mode=append":                    `parameter "mode" is unknown`,
		"watch:///x?delay=perhaps":                  `parameter "delay": "perhaps" is neither true nor false`,
		"watch:///no/such/directory/anywhere/x.log": `writesyncers: open `,
	} {
		_, _, err := zap.Open(address)
		assert.ErrorContains(t, err, want, address)
	}
}

func TestEverySinkParameterIsRead(t *testing.T) {
	u, err := url.Parse("rotate:logs/app.log?maxBytes=1.5KiB&backups=-1&maxAge=7d&maxTotalBytes=2GB&compress=gzip&symlink=/s&shared=true" +
		"&delay&perm=0640&makeDirs=1&header=h&fsync=interval&fsyncEvery=5s&buffer=256k&flushEvery=-1s&mode=truncate" +
		"&when=W0&interval=2&atTime=12:00:00&location=UTC&checkEvery=100ms")
	require.NoError(t, err)
	s, err := parseSink(u, commonParameters, rotatingParameters, []string{"mode", "when", "interval", "atTime", "location", "checkEvery"})
	require.NoError(t, err)
	assert.Equal(t, RotatingFileConfig{
		Path: "logs/app.log", MaxBytes: 1536, BackupCount: -1, MaxAge: 7 * day, MaxTotalBytes: 2e9, Compress: Gzip, Symlink: "/s",
		Shared: true, Delay: true, Perm: 0o640, MakeDirs: true, Header: "h", Fsync: FsyncInterval, FsyncEvery: 5 * time.Second,
		Buffer: 256 << 10, FlushEvery: -time.Second, Mode: ModeTruncate,
	}, s.rotating())
	timed := s.timed()
	assert.Equal(t, Schedule{"W0", 2, "12:00:00", time.UTC}, Schedule{timed.When, timed.Interval, timed.AtTime, timed.Location})
	assert.Equal(t, 100*time.Millisecond, s.watched().CheckEvery)
}

// Whatever the URL, the answer is settings or an error.
func FuzzSinkURL(f *testing.F) {
	f.Add("rotate:///var/log/app.log?maxBytes=10MiB&backups=5&compress=gzip")
	f.Add("timed:x?maxBytes=&perm=&location=&maxAge=d&delay")
	f.Fuzz(func(t *testing.T, address string) {
		u, err := url.Parse(address)
		if err != nil {
			return
		}
		s, err := parseSink(u, commonParameters, rotatingParameters, []string{"mode", "when", "interval", "atTime", "location", "checkEvery"})
		if err == nil {
			assert.GreaterOrEqual(t, s.maxBytes, int64(0))
			assert.GreaterOrEqual(t, s.bufferSize, int64(0))
		}
	})
}

func TestSizesToTheByte(t *testing.T) {
	for value, want := range map[string]int64{
		"9223372036854775807": math.MaxInt64, "9007199254740993": 1<<53 + 1, "0": 0, "1.5KiB": 1536, "10 MB": 1e7,
	} {
		var got int64
		require.NoError(t, setSize(&got, value), value)
		assert.Equal(t, want, got, value)
	}
	require.Error(t, setSize(new(int64), "9223372036854775808"))
}
