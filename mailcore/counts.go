package mailcore

import (
	"errors"
	"fmt"

	"example.com/zaphandlers/mailcore/internal/message"
	"example.com/zaphandlers/mailcore/internal/session"
)

// mailDigest sends the digest of a window, or where the server takes no mail with its text its counts.
func (m *mailer) mailDigest(digest *message.Digest) (err error) {
	if m.contentRefusals > 0 && m.contentRefusals%suspectAfter == 0 && digest.Omitted < digest.Records {
		err = m.mailSuspect(digest)
	} else if err = m.mail(digest); err != nil && digest.Omitted < digest.Records {
		err = m.mailRefused(digest, err)
	}
	if temporary := (*session.TemporaryError)(nil); errors.As(err, &temporary) && temporary.Content {
		m.contentRefusals++
	} else if err == nil {
		m.contentRefusals = 0
	}
	return err
}

// mailRefused sends the counts of a digest without its text, if that is why the server has refused it for good: it is too long, or one
// of its records is something that the server takes no mail with.
func (m *mailer) mailRefused(digest *message.Digest, err error) error {
	var refused *session.RefusedError
	switch {
	case !errors.As(err, &refused):
		return err
	case refused.TooLarge:
		digest.CountOnly()
		return m.mail(digest)
	case refused.Content && m.mailCounts(digest) == nil:
		m.leaveOut(digest, err)
		return nil
	}
	return err
}

// mailSuspect sends the counts of a digest that the server has not taken for now, again and again. If it takes them, and then still not
// the text, it is the text that it does not take, and that is given up; else it stays.
func (m *mailer) mailSuspect(digest *message.Digest) error {
	if err := m.mailCounts(digest); err != nil {
		return err
	}
	err := m.mail(digest)
	if temporary := (*session.TemporaryError)(nil); errors.As(err, &temporary) && temporary.Content {
		m.leaveOut(digest, err)
		return nil
	}
	return err
}

// mailCounts sends the counts of a digest without its text.
func (m *mailer) mailCounts(digest *message.Digest) error {
	counts := digest.Counts()
	return m.mail(&counts)
}

// leaveOut gives up the text of a digest whose counts were sent, and tells why.
func (m *mailer) leaveOut(digest *message.Digest, err error) {
	m.notice.put(fmt.Errorf("mailcore: the text of a digest was left out, for the server takes no mail with it: %w", err))
	digest.CountOnly()
}
