/* What the agent may know of a failed connect: a class. What the server said goes to our log only. */
#include <stdarg.h>
#include <stdio.h>

#include "internal.h"

int upstream_fail(struct upstream_failure *f, int err, const char *sqlstate, const char *message, const char *fmt, ...)
{
	va_list args;

	(void)snprintf(f->sqlstate, sizeof(f->sqlstate), "%s", sqlstate);
	(void)snprintf(f->message, sizeof(f->message), "%s", message);
	va_start(args, fmt);
	(void)vsnprintf(f->detail, sizeof(f->detail), fmt, args);
	va_end(args);
	return err;
}

static const struct {
	const char *prefix; /* of the server's SQLSTATE */
	const char *sqlstate, *message;
} classes[] = {
	{"28", "08004", "the gateway could not log in to the database"},
	{"3D000", "3D000", "the database does not exist"},
	{"42501", "08004", "the gateway may not use this database or one of the requested settings"},
	{"53", "53300", "the database has no connection left"},
	{"57P", "57P03", "the database is starting up or shutting down"},
	{"55000", "57P03", "the database does not accept connections now"},
	{"22", "22023", "the database refused a startup setting"},
	{"42704", "22023", "the database refused a startup setting"},
	{"", "08001", "the gateway could not connect to the database"},
};

static bool is_state_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

/*
 * A verbose error reads "FATAL:  28P01: text": two spaces after the severity, whatever language that is in. Several
 * addresses give several errors; the last one counts.
 */
bool upstream_last_sqlstate(const char *text, char out[6])
{
	bool found = false;

	for (const char *p = strstr(text, ":  "); p; p = strstr(p + 1, ":  ")) {
		const char *s = p + 3;
		size_t n = 0;

		while (n < 5 && is_state_char(s[n]))
			n++;
		if (n < 5 || (s[5] != ':' && s[5] != '\n' && s[5] != '\0'))
			continue;
		memcpy(out, s, 5);
		out[5] = '\0';
		found = true;
	}
	return found;
}

/* One line, control characters gone, the secret blotted out: a hostile server may echo what it was sent. */
static void copy_detail(char *out, size_t size, const char *text, struct qw_bytes secret)
{
	static const char blot[] = "[secret]";
	size_t n = 0, left = strlen(text);

	while (left && n + sizeof(blot) < size) {
		if (secret.n && left >= secret.n && memcmp(text, secret.p, secret.n) == 0) {
			memcpy(out + n, blot, sizeof(blot) - 1);
			n += sizeof(blot) - 1;
			text += secret.n;
			left -= secret.n;
			continue;
		}
		out[n++] = (unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text;
		text++;
		left--;
	}
	while (n && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
}

int upstream_fail_state(struct upstream_failure *f, const char *sqlstate, const char *text, struct qw_bytes secret)
{
	size_t i = 0;

	while (strncmp(sqlstate, classes[i].prefix, strlen(classes[i].prefix)) != 0)
		i++;
	(void)snprintf(f->sqlstate, sizeof(f->sqlstate), "%s", classes[i].sqlstate);
	(void)snprintf(f->message, sizeof(f->message), "%s", classes[i].message);
	copy_detail(f->detail, sizeof(f->detail), text, secret);
	return QW_E_IO;
}

int upstream_fail_text(struct upstream_failure *f, const char *text, struct qw_bytes secret)
{
	char sqlstate[6] = "";

	return upstream_fail_state(f, upstream_last_sqlstate(text, sqlstate) ? sqlstate : "", text, secret);
}
