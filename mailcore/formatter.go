package mailcore

import (
	"encoding/binary"

	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"
)

// subjectEncoder is a user's Encoder that appends the record's subject to its text. SubjectFunc is the user's code, so it runs where
// the encoder runs: on the goroutine that logs, without a lock. The frame is
//
//	text ‖ subject ‖ length of subject, 4 bytes, big endian
type subjectEncoder struct {
	zapcore.Encoder
	subject func(zapcore.Entry) string
}

// withSubject returns enc itself if subject is nil. Then the frame is only the text.
func withSubject(enc zapcore.Encoder, subject func(zapcore.Entry) string) zapcore.Encoder {
	if subject == nil {
		return enc
	}
	return subjectEncoder{enc, subject}
}

func (e subjectEncoder) Clone() zapcore.Encoder {
	return subjectEncoder{e.Encoder.Clone(), e.subject}
}

func (e subjectEncoder) EncodeEntry(ent zapcore.Entry, fields []zapcore.Field) (*buffer.Buffer, error) {
	subject := e.subject(ent)
	buf, err := e.Encoder.EncodeEntry(ent, fields)
	if err != nil {
		return nil, err
	}
	buf.AppendString(subject)
	var length [4]byte
	binary.BigEndian.PutUint32(length[:], uint32(len(subject)))
	_, _ = buf.Write(length[:]) // never fails
	return buf, nil
}

// splitSubject splits the frame of a subjectEncoder.
func splitSubject(frame []byte) (text, subject []byte) {
	end := len(frame) - 4
	begin := end - int(binary.BigEndian.Uint32(frame[end:]))
	return frame[:begin], frame[begin:end]
}
