/* How vault and key reach the disk and come back: nobody else may read them, and a crash leaves the old or the new file. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "internal.h"

enum { KEY_TEXT_MAX = 128 };

int vault_fail(struct vault_why why, int err, const char *fmt, ...)
{
	va_list args;

	if (why.text && why.size) {
		va_start(args, fmt);
		(void)vsnprintf(why.text, why.size, fmt, args);
		va_end(args);
	}
	return err;
}

static int fail_errno(struct vault_why why, const char *file, const char *what)
{
	int e = errno;

	if (e == ELOOP)
		return vault_fail(why, QW_E_CONFIG, "%s: is a symbolic link; name the file itself", file);
	return vault_fail(why, e == ENOENT ? QW_E_NOTFOUND : QW_E_IO, "%s: cannot %s: %s", file, what, strerror(e));
}

/* ---- reading ---- */

static int check_private(int fd, const char *file, struct stat *st, struct vault_why why)
{
	if (fstat(fd, st) != 0)
		return fail_errno(why, file, "examine");
	if (!S_ISREG(st->st_mode))
		return vault_fail(why, QW_E_CONFIG, "%s: is not a regular file", file);
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return vault_fail(why, QW_E_CONFIG, "%s: belongs to uid %u, not to us (uid %u) or root; run as its owner", file,
			(unsigned)st->st_uid, (unsigned)geteuid());
	if (st->st_mode & (S_IRWXG | S_IRWXO))
		return vault_fail(why, QW_E_CONFIG, "%s: mode %04o lets others in; only the owner may have access (chmod go= )",
			file, (unsigned)(st->st_mode & 07777));
	return 0;
}

static int open_private(const char *file, int *fd, struct stat *st, struct vault_why why)
{
	int err;

	*fd = open(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0)
		return fail_errno(why, file, "open");
	err = check_private(*fd, file, st, why);
	if (err) {
		(void)close(*fd);
		*fd = -1;
	}
	return err;
}

/* Reads at most `max` bytes; *n == max may mean that there is more. */
static int read_some(int fd, uint8_t *p, size_t max, size_t *n)
{
	*n = 0;
	while (*n < max) {
		ssize_t got = read(fd, p + *n, max - *n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return QW_E_IO;
		if (got == 0)
			break;
		*n += (size_t)got;
	}
	return 0;
}

int vault_file_read(const char *file, struct qw_buf *out, struct stat *st, struct vault_why why)
{
	size_t n = 0;
	int fd, err = open_private(file, &fd, st, why);

	if (err)
		return err;
	if (st->st_size > VAULT_FILE_MAX)
		err = vault_fail(why, QW_E_CONFIG, "%s: too large to be a vault", file);
	else if (qw_buf_reserve(out, (size_t)st->st_size + 1))
		err = vault_fail(why, QW_E_NOMEM, "%s: out of memory", file);
	else if (read_some(fd, out->p + out->n, (size_t)st->st_size, &n))
		err = fail_errno(why, file, "read");
	out->n += n;
	(void)close(fd);
	return err;
}

/* 64 hex digits or 44 base64 characters, and white space around them. */
static int decode_key(struct qw_bytes text, uint8_t *out)
{
	uint8_t *block;
	int ok;

	while (text.n && strchr(" \t\r\n", text.p[text.n - 1]) && text.p[text.n - 1])
		text.n--;
	if (text.n == 2 * VAULT_KEY_BYTES)
		return qw_unhex(text, out);
	if (text.n != 44 || text.p[43] != '=' || text.p[42] == '=')
		return QW_E_MALFORMED;
	block = vault_memory_new(48);
	if (!block)
		return QW_E_NOMEM;
	ok = EVP_DecodeBlock(block, text.p, 44) == 33;
	memcpy(out, block, VAULT_KEY_BYTES);
	vault_memory_free(block, 48);
	return ok ? 0 : QW_E_MALFORMED;
}

int vault_key_read(const char *key_file, uint8_t out[VAULT_KEY_BYTES], struct vault_why why)
{
	uint8_t *text = vault_memory_new(KEY_TEXT_MAX);
	struct stat st;
	size_t n = 0;
	int fd = -1, err;

	if (!text)
		return vault_fail(why, QW_E_NOMEM, "no locked memory left");
	err = open_private(key_file, &fd, &st, why);
	if (!err && read_some(fd, text, KEY_TEXT_MAX, &n))
		err = fail_errno(why, key_file, "read");
	if (!err && (n == KEY_TEXT_MAX || decode_key(qw_bytes(text, n), out)))
		err = vault_fail(why, QW_E_CONFIG, "%s: is not a vault key: 64 hex digits or 44 base64 characters (32 bytes)",
			key_file);
	if (fd >= 0)
		(void)close(fd);
	vault_memory_free(text, KEY_TEXT_MAX);
	return err;
}

/* ---- writing ---- */

static const char *base_name(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

static int open_dir(const char *file, int *dir_fd, struct vault_why why)
{
	char dir[4096] = ".";
	size_t n = (size_t)(base_name(file) - file);

	if (!*base_name(file) || n >= sizeof(dir))
		return vault_fail(why, QW_E_CONFIG, "%s: not a file name", file);
	if (n) {
		memcpy(dir, file, n);
		dir[n] = 0; /* "/x/y/": the trailing slash does no harm */
	}
	*dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *dir_fd < 0 ? fail_errno(why, dir, "open the folder") : 0;
}

int vault_dir_lock(const char *file, int *dir_fd, struct vault_why why)
{
	int err = open_dir(file, dir_fd, why);

	if (err)
		return err;
	while (flock(*dir_fd, LOCK_EX) != 0) {
		if (errno == EINTR)
			continue;
		err = fail_errno(why, file, "lock the folder");
		(void)close(*dir_fd);
		return err;
	}
	return 0;
}

static int write_all(int fd, struct qw_bytes s)
{
	while (s.n) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return QW_E_IO;
		s = qw_bytes(s.p + n, s.n - (size_t)n);
	}
	return fsync(fd) == 0 ? 0 : QW_E_IO;
}

/* Must not exist yet. Mode is exact whatever the umask is. Removed again when it cannot be written. */
static int create_at(int dir_fd, const char *name, mode_t mode, struct qw_bytes content)
{
	int saved, fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);

	if (fd < 0)
		return QW_E_IO;
	if (write_all(fd, content) == 0 && fchmod(fd, mode) == 0 && fsync(fd) == 0) {
		(void)close(fd);
		return 0;
	}
	saved = errno;
	(void)close(fd);
	(void)unlinkat(dir_fd, name, 0);
	errno = saved;
	return QW_E_IO;
}

static int create_new(const char *file, mode_t mode, struct qw_bytes content, struct vault_why why)
{
	int dir_fd, err = open_dir(file, &dir_fd, why);

	if (err)
		return err;
	if (create_at(dir_fd, base_name(file), mode, content) || fsync(dir_fd) != 0)
		err = errno == EEXIST ? vault_fail(why, QW_E_DUPLICATE, "%s: exists already; it is never overwritten", file)
				      : fail_errno(why, file, "create");
	(void)close(dir_fd);
	return err;
}

int vault_file_create(const char *file, struct qw_bytes content, struct vault_why why)
{
	return create_new(file, S_IRUSR | S_IWUSR, content, why);
}

int vault_file_replace(const char *file, int dir_fd, struct qw_bytes content, struct vault_why why)
{
	const char *name = base_name(file);
	char fresh[300];

	if (snprintf(fresh, sizeof(fresh), ".%s.new", name) >= (int)sizeof(fresh))
		return vault_fail(why, QW_E_CONFIG, "%s: the file's name is too long", file);
	/* We hold the folder's lock: a file of this name is what a crash left behind. */
	if (unlinkat(dir_fd, fresh, 0) != 0 && errno != ENOENT)
		return fail_errno(why, file, "remove an old temporary file beside it");
	if (create_at(dir_fd, fresh, S_IRUSR | S_IWUSR, content))
		return fail_errno(why, file, "write a temporary file beside it");
	if (renameat(dir_fd, fresh, dir_fd, name) != 0) {
		int err = fail_errno(why, file, "replace");

		(void)unlinkat(dir_fd, fresh, 0);
		return err;
	}
	return fsync(dir_fd) == 0 ? 0 : fail_errno(why, file, "make the change durable");
}

int vault_key_create(const char *key_file, uint8_t out[VAULT_KEY_BYTES], struct vault_why why)
{
	char *text = vault_memory_new(2 * VAULT_KEY_BYTES + 2);
	int err;

	if (!text)
		return vault_fail(why, QW_E_NOMEM, "no locked memory left");
	if (vault_random(out, VAULT_KEY_BYTES)) {
		err = vault_fail(why, QW_E_CRYPTO, "no random numbers");
	} else {
		qw_hex(qw_bytes(out, VAULT_KEY_BYTES), text);
		text[2 * VAULT_KEY_BYTES] = '\n';
		err = create_new(key_file, S_IRUSR, qw_bytes(text, 2 * VAULT_KEY_BYTES + 1), why);
	}
	vault_memory_free(text, 2 * VAULT_KEY_BYTES + 2);
	return err;
}
