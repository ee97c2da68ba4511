#include "qw/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum {
	LINE_BYTES = 16384,
	TAIL_BYTES = 64, /* kept free for the end of the line */
	VALUE_BYTES = 1024,
	WAIT_MS = 100 /* for a reader of standard error that does not read */
};

struct line {
	char text[LINE_BYTES];
	size_t n;
	bool is_full;
};

static const char *const level_names[] = {"error", "warn", "info", "debug"};
static atomic_int level_max = QW_LOG_INFO;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool is_torn; /* a line was not written to its end */

void qw_log_level_set(enum qw_log_level level)
{
	atomic_store_explicit(&level_max, (int)level, memory_order_relaxed);
}

int qw_log_level_parse(const char *name, enum qw_log_level *out)
{
	for (size_t i = 0; name && i < QW_COUNT(level_names); i++) {
		if (strcmp(name, level_names[i]) == 0) {
			*out = (enum qw_log_level)i;
			return 0;
		}
	}
	return QW_E_NOTFOUND;
}

static void put(struct line *l, const char *p, size_t n)
{
	if (l->is_full || n > LINE_BYTES - TAIL_BYTES - l->n) {
		l->is_full = true;
		return;
	}
	memcpy(l->text + l->n, p, n);
	l->n += n;
}

/* Bytes of the character at p that may stand in JSON as they are; 0: none (control, quote, bad
 * UTF-8). */
static size_t plain_step(const char *p, size_t left)
{
	unsigned char c = (unsigned char)*p;
	size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;

	if (c < 0x20 || c == '"' || c == '\\' || c == 0x7F || n > left)
		return 0;
	return n == 1 || qw_utf8_valid(qw_bytes(p, n)) ? n : 0;
}

static void put_string(struct line *l, const char *s)
{
	size_t left = strnlen(s, VALUE_BYTES + 1);
	bool is_cut = left > VALUE_BYTES;
	char escaped[8];

	if (is_cut) { /* never inside a character */
		left = VALUE_BYTES;
		while (left > 0 && ((unsigned char)s[left] & 0xC0) == 0x80)
			left--;
	}
	put(l, "\"", 1);
	while (left > 0) {
		size_t n = plain_step(s, left);

		if (n) {
			put(l, s, n);
		} else {
			unsigned char c = (unsigned char)*s;

			n = 1;
			(void)snprintf(escaped, sizeof(escaped), "\\u%04x", c < 0x80 ? c : 0xFFFD);
			put(l, escaped, 6);
		}
		s += n;
		left -= n;
	}
	if (is_cut)
		put(l, "...", 3);
	put(l, "\"", 1);
}

static void put_field(struct line *l, const char *name, const char *value)
{
	size_t before = l->n;

	if (l->is_full)
		return;
	put(l, ",", 1);
	put_string(l, name);
	put(l, ":", 1);
	put_string(l, value);
	if (l->is_full)
		l->n = before; /* a field is whole or absent */
}

static void put_head(struct line *l, enum qw_log_level level)
{
	struct timespec now = {0};
	struct tm utc = {0};
	char date[32] = "", head[96];
	int n;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (gmtime_r(&now.tv_sec, &utc))
		(void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
	n = snprintf(head, sizeof(head), "{\"time\":\"%s.%03dZ\",\"level\":\"%s\"", date,
		(int)(now.tv_nsec / 1000000), level_names[level]);
	put(l, head, (size_t)n);
}

static void put_end(struct line *l)
{
	static const char full[] = ",\"log_truncated\":\"true\"";

	if (l->is_full) {
		memcpy(l->text + l->n, full, sizeof(full) - 1);
		l->n += sizeof(full) - 1;
	}
	memcpy(l->text + l->n, "}\n", 2);
	l->n += 2;
}

static bool may_retry(void)
{
	struct pollfd fd = {.fd = STDERR_FILENO, .events = POLLOUT};

	if (errno == EINTR)
		return true;
	return (errno == EAGAIN || errno == EWOULDBLOCK) && poll(&fd, 1, WAIT_MS) > 0;
}

static bool write_all(const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(STDERR_FILENO, p, n);

		if (done < 0) {
			if (may_retry())
				continue;
			return false;
		}
		p += done;
		n -= (size_t)done;
	}
	return true;
}

void qw_log(enum qw_log_level level, const char *event, ...)
{
	struct line l;
	va_list args;
	const char *name, *value;
	int saved = errno;

	if ((int)level > atomic_load_explicit(&level_max, memory_order_relaxed))
		return;
	l.n = 0;
	l.is_full = false;
	put_head(&l, level);
	put_field(&l, "event", event);
	va_start(args, event);
	while ((name = va_arg(args, const char *)) != NULL) {
		value = va_arg(args, const char *);
		if (value)
			put_field(&l, name, value);
	}
	va_end(args);
	put_end(&l);
	(void)pthread_mutex_lock(&lock);
	if (!is_torn || write_all("\n", 1))
		is_torn = !write_all(l.text, l.n);
	(void)pthread_mutex_unlock(&lock);
	errno = saved;
}
