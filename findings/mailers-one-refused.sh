#!/usr/bin/env bash
# nullmailer 2.2, msmtp 1.8.23 and ssmtp 2.64, which small machines have as sendmail, with a mail to three: if the smarthost refuses one recipient, such
# as an address that no longer exists, nobody gets the mail, not even those that were accepted. Python's smtplib sends it to the others.
. "$(dirname "$0")/lib.sh"
needs python3
debian nullmailer=1:2.2-4 ssmtp=2.64-11 msmtp=1.8.23-1 libgsasl18 libgssglue1 libidn12 libntlm0 libsecret-1-0
libraries=(root/usr/lib/*-linux-*)
cat >server.py <<'PY'
import os, socketserver


# A mail server that refuses old@, accepts everybody else, and writes down for whom it took each mail.
class Session(socketserver.StreamRequestHandler):
    def handle(self):
        say = lambda text: self.wfile.write(text + b"\r\n")
        say(b"220 ready")
        recipients = []
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"RCPT":
                if b"old@" in line:
                    say(b"550 no such user")
                    continue
                recipients.append(line.split(b"<")[1].split(b"@")[0].decode())
            elif verb == b"DATA":
                say(b"354 go on")
                for line in self.rfile:
                    if line == b".\r\n":
                        with open("taken", "a") as taken:
                            print(*recipients, file=taken)
                        break
            elif verb == b"QUIT":
                return say(b"221 bye")
            say(b"250 ok")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


server = Server(("127.0.0.1", 0), Session)
with open("port.new", "w") as port:
    print(server.server_address[1], file=port)
os.rename("port.new", "port")
server.serve_forever()
PY
python3 server.py &
for _ in {1..100}; do [[ -e port ]] && break || sleep 0.1; done
port=$(<port)
# mail sends a mail with a program, and prints for whom the server took it.
mail() {
	local program=$1 status=0
	shift
	: >taken
	"send_$program" "$@" >>errors 2>&1 || status=$?
	echo "$program, to $*: status $status, for $(grep . taken || echo nobody)"
}
send_nullmailer() {
	{ echo app@example.com; printf '%s@example.com\n' "$@"; printf '\nSubject: a log\n\nERROR\n'; } >mail
	printf 'host=127.0.0.1\nport=%s\n\n' "$port" | HELOHOST=app.example.com root/usr/lib/nullmailer/smtp 3<mail
}
send_msmtp() {
	printf 'Subject: a log\n\nERROR\n' | LD_LIBRARY_PATH=${libraries[0]} root/usr/bin/msmtp --host=127.0.0.1 --port="$port" --from=app@example.com "${@/%/@example.com}"
}
send_ssmtp() {
	printf 'mailhub=127.0.0.1:%s\nhostname=app.example.com\n' "$port" >ssmtp.conf
	printf 'Subject: a log\n\nERROR\n' | root/usr/sbin/ssmtp -C"$T/ssmtp.conf" "${@/%/@example.com}"
}
send_smtplib() {
	python3 -c '
import smtplib, sys
with smtplib.SMTP("127.0.0.1", int(sys.argv[1])) as client:
    client.sendmail("app@example.com", sys.argv[2:], "Subject: a log\r\n\r\nERROR\r\n")
' "$port" "${@/%/@example.com}"
}
seen=$(for program in nullmailer msmtp ssmtp smtplib; do mail $program ann ben; mail $program ann old ben; done)
cat errors >&2
same "nullmailer, to ann ben: status 0, for ann ben
nullmailer, to ann old ben: status 35, for nobody
msmtp, to ann ben: status 0, for ann ben
msmtp, to ann old ben: status 65, for nobody
ssmtp, to ann ben: status 0, for ann ben
ssmtp, to ann old ben: status 1, for nobody
smtplib, to ann ben: status 0, for ann ben
smtplib, to ann old ben: status 0, for ann ben" "$seen"
