package netcore

import (
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/netcore/internal/pickle"
	base "example.com/zaphandlers/zapcore"
)

// Pickle returns a Formatter that sends what Python's SocketHandler.makePickle makes: the attributes of a LogRecord as a dict,
// pickled with protocol 1. A Python receiver turns it into a record by logging.makeLogRecord(pickle.loads(frame)); a Server reads it
// with FormatPickle.
//
//	zap                          LogRecord
//	level                        levelno, levelname: DEBUG 10 … ERROR 40, and CRITICAL 50 for DPanic, Panic and Fatal
//	logger name                  name ("root" if there is none)
//	message                      msg; args is None
//	time                         created, msecs, relativeCreated (since the program began); without a time, the time of sending
//	caller                       pathname, filename, module, lineno, funcName
//	stack, and the field "error" exc_text, so that Python's Formatter prints it below the message
//	process                      process, processName; thread is 0 and threadName "goroutine", for Go reveals neither
//	fields                       attributes, like Python's extra. A field with the name of an attribute above, of a method that
//	                             Python calls (getMessage), or that Python reserves (__class__) gets an underscore
//
// Every attribute that a Python Formatter may print with %d is a number in every record. args, exc_info, stack_info and taskName are
// None, as they are in Python when there is nothing to say.
//
// Objects and namespaces are dicts, arrays are lists, times are aware datetimes (microseconds), durations timedeltas, binary fields
// bytes. The last three and complex numbers name classes of Python's standard library, so a receiver that forbids all globals refuses
// records with such fields: use PlainPickle for it. Nothing else names a global.
func Pickle() Formatter { return pickleFormatter{} }

// PlainPickle returns a Formatter that sends what Pickle sends, without naming any class or function of Python. It is for receivers
// whose Unpickler forbids them all (find_class raises). Times are RFC 3339 strings, durations seconds as a float, binary fields
// base64, complex numbers strings.
func PlainPickle() Formatter { return pickleFormatter{plain: true} }

type pickleFormatter struct{ plain bool }

func (pickleFormatter) binary() {}

func (f pickleFormatter) Append(dst []byte, r *base.Record) ([]byte, error) {
	p := picklers.Get().(*pickler)
	p.plain = f.plain
	p.b = pickle.BeginDict(dst)
	p.entry(r.Entry())
	p.top = true
	_ = r.MarshalLogObject(p) // the errors of its fields are fields
	p.closeNamespaces(0)
	p.top = false
	p.excText(r.Entry().Stack)
	dst = pickle.End(pickle.EndDict(p.b))
	p.b, p.failure = nil, ""
	picklers.Put(p)
	return dst, nil
}

// Values that are the same in all records of this process.
var (
	began       = time.Now()
	processID   = int64(os.Getpid())
	processName = filepath.Base(os.Args[0])
)

// attributes are a LogRecord's own attributes, those that logging refuses in extra, and its method.
var attributes = map[string]bool{
	"name": true, "msg": true, "args": true, "levelname": true, "levelno": true, "pathname": true, "filename": true,
	"module": true, "exc_info": true, "exc_text": true, "stack_info": true, "lineno": true, "funcName": true, "created": true,
	"msecs": true, "relativeCreated": true, "thread": true, "threadName": true, "processName": true, "process": true,
	"taskName": true, "message": true, "asctime": true, "getMessage": true,
}

// The parts that are the same in every pickle are made once. Each ends with the name of the next attribute.
var (
	toName      = constant(func(p *pickler) { p.key("name") })
	toMessage   = constant(func(p *pickler) { p.key("msg") })
	toLevel     = constant(func(p *pickler) { p.none("args"); p.key("levelname") })
	toNumber    = constant(func(p *pickler) { p.key("levelno") })
	toPath      = constant(func(p *pickler) { p.key("pathname") })
	toFile      = constant(func(p *pickler) { p.key("filename") })
	toModule    = constant(func(p *pickler) { p.key("module") })
	toLine      = constant(func(p *pickler) { p.key("lineno") })
	toFunction  = constant(func(p *pickler) { p.key("funcName") })
	noCaller    = constant(func(p *pickler) { p.caller(zapcore.EntryCaller{File: unknownFile, Function: unknownFunction}) })
	toTime      = constant(func(p *pickler) { p.none("exc_info"); p.none("stack_info"); p.key("created") })
	toMillis    = constant(func(p *pickler) { p.key("msecs") })
	toRelative  = constant(func(p *pickler) { p.key("relativeCreated") })
	thisProcess = constant(func(p *pickler) {
		p.AddInt64("thread", 0)
		p.AddString("threadName", "goroutine")
		p.AddString("processName", processName)
		p.AddInt64("process", processID)
		p.none("taskName")
	})
)

// What Python writes for an unknown caller.
const (
	unknownFile     = "(unknown file)"
	unknownFunction = "(unknown function)"
)

// The first and the last second since 1970 that Python's datetime can show in every zone. Beyond them a Python Formatter fails, and the
// record is not written.
const (
	firstSecond = -62135510400
	lastSecond  = 253402214400
)

func constant(write func(p *pickler)) string {
	var p pickler
	write(&p)
	return string(p.b)
}

// entry writes the attributes that every LogRecord has.
func (p *pickler) entry(ent zapcore.Entry) {
	name := ent.LoggerName
	if name == "" {
		name = "root"
	}
	levelno, levelname := pythonLevel(ent.Level)
	p.made(toName).text(name)
	p.made(toMessage).text(ent.Message)
	p.made(toLevel).text(levelname)
	p.made(toNumber).int(levelno)
	if ent.Caller.Defined {
		p.caller(ent.Caller)
	} else {
		p.made(noCaller)
	}
	at := ent.Time
	if at.IsZero() {
		at = time.Now()
	}
	p.made(toTime).float(float64(min(max(at.Unix(), firstSecond), lastSecond)) + float64(at.Nanosecond())/1e9)
	p.made(toMillis).float(float64(at.Nanosecond() / 1e6))
	p.made(toRelative).float(float64(at.Sub(began)) / 1e6)
	p.made(thisProcess)
}

// made appends one of the constant parts.
func (p *pickler) made(constant string) *pickler {
	p.b = append(p.b, constant...)
	return p
}

// pythonLevel returns Python's number and name for a level.
func pythonLevel(l zapcore.Level) (int64, string) {
	switch {
	case l < zapcore.DebugLevel:
		n := max(1, 10+5*(int64(l)-int64(zapcore.DebugLevel)))
		return n, "Level " + strconv.FormatInt(n, 10)
	case l == zapcore.DebugLevel:
		return 10, "DEBUG"
	case l == zapcore.InfoLevel:
		return 20, "INFO"
	case l == zapcore.WarnLevel:
		return 30, "WARNING"
	case l == zapcore.ErrorLevel:
		return 40, "ERROR"
	}
	return 50, "CRITICAL"
}

// caller writes the attributes of the caller.
func (p *pickler) caller(c zapcore.EntryCaller) {
	filename := path.Base(c.File)
	p.made(toPath).text(c.File)
	p.made(toFile).text(filename)
	p.made(toModule).text(strings.TrimSuffix(filename, path.Ext(filename)))
	p.made(toLine).int(int64(c.Line))
	p.made(toFunction).text(c.Function[strings.LastIndexByte(c.Function, '.')+1:])
}

func (p *pickler) excText(stack string) {
	switch {
	case p.failure == "" && stack == "":
		p.none("exc_text")
	case p.failure == "" || stack == "":
		p.AddString("exc_text", p.failure+stack)
	default:
		p.key("exc_text")
		p.b = pickle.AppendTexts(p.b, p.failure, "\n", stack)
	}
}
