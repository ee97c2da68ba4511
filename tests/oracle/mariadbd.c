/*
 * MariaDB's own parser, in process: mariadbd FOLDER FILE FIRST LAST
 * PREPAREs the statements FIRST <= i < LAST of FILE (each: 4 bytes of length, little endian, and its bytes) in a server whose
 * data stands in FOLDER, and writes the error number of each as two bytes, little endian, at once: whoever reads knows where a
 * statement crashed the server. Exit status 3: a statement took longer than STATEMENT_S.
 *
 * Links libmariadbd.so.19, which exports the names of the client library: hence an executable of its own, and prototypes
 * here instead of headers (Debian has them in a package of 95 MB). Source: mysql.h of MariaDB 10.11.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STATEMENT_S = 20, CHARSET_NAME = 7, EMBEDDED = 30 };

struct mysql;
struct mysql_stmt;
int mysql_server_init(int argc, char **argv, char **groups);
struct mysql *mysql_init(struct mysql *m);
int mysql_options(struct mysql *m, int option, const void *arg);
struct mysql *mysql_real_connect(struct mysql *m, const char *host, const char *user, const char *password, const char *db,
	unsigned int port, const char *socket, unsigned long flags);
int mysql_query(struct mysql *m, const char *text);
const char *mysql_error(struct mysql *m);
struct mysql_stmt *mysql_stmt_init(struct mysql *m);
int mysql_stmt_prepare(struct mysql_stmt *s, const char *text, unsigned long n);
unsigned int mysql_stmt_errno(struct mysql_stmt *s);
char mysql_stmt_close(struct mysql_stmt *s);

static void on_alarm(int number)
{
	(void)number;
	_exit(3);
}

static void die(const char *what, struct mysql *m)
{
	fprintf(stderr, "mariadbd: %s: %s\n", what, m ? mysql_error(m) : "");
	_exit(4);
}

/* The file as one block; ends the program when it cannot be read. */
static uint8_t *read_all(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	uint8_t *p;

	if (!f || fseek(f, 0, SEEK_END) != 0)
		die(path, NULL);
	*n = (size_t)ftell(f);
	rewind(f);
	p = malloc(*n + 1);
	if (!p || fread(p, 1, *n, f) != *n)
		die(path, NULL);
	fclose(f);
	return p;
}

static struct mysql *start(const char *folder)
{
	static char datadir[4096];
	char *args[] = {(char *)"oracle", (char *)"--no-defaults", datadir, (char *)"--skip-grant-tables", (char *)"--innodb=OFF",
		(char *)"--default-storage-engine=MyISAM", NULL};
	struct mysql *m;

	snprintf(datadir, sizeof datadir, "--datadir=%s", folder);
	if (mysql_server_init(6, args, NULL) != 0)
		die("cannot start", NULL);
	m = mysql_init(NULL);
	if (!m || mysql_options(m, CHARSET_NAME, "utf8mb4") != 0)
		die("no connection", NULL);
	mysql_options(m, EMBEDDED, NULL);
	if (!mysql_real_connect(m, NULL, "root", NULL, NULL, 0, NULL, 0))
		die("cannot connect", m);
	if (mysql_query(m, "create database if not exists test") != 0 || mysql_query(m, "use test") != 0)
		die("no database", m);
	return m;
}

static uint16_t verdict(struct mysql *m, const uint8_t *text, uint32_t n)
{
	struct mysql_stmt *s = mysql_stmt_init(m);
	uint16_t error = 0;

	if (!s)
		die("no statement", m);
	alarm(STATEMENT_S);
	if (mysql_stmt_prepare(s, (const char *)text, n) != 0)
		error = (uint16_t)mysql_stmt_errno(s);
	mysql_stmt_close(s);
	alarm(0);
	return error;
}

static void judge(struct mysql *m, const uint8_t *p, size_t n, const long range[2])
{
	size_t at = 0;

	for (long i = 0; at + 4 <= n && i < range[1]; i++) {
		uint32_t size = p[at] | (uint32_t)p[at + 1] << 8 | (uint32_t)p[at + 2] << 16 | (uint32_t)p[at + 3] << 24;

		at += 4;
		if (i >= range[0]) {
			uint16_t error = verdict(m, p + at, size);
			uint8_t out[2] = {(uint8_t)error, (uint8_t)(error >> 8)};

			if (write(1, out, 2) != 2)
				die("cannot write", NULL);
		}
		at += size;
	}
}

int main(int argc, char **argv)
{
	size_t n;
	uint8_t *p;

	if (argc != 5) {
		fprintf(stderr, "mariadbd FOLDER FILE FIRST LAST\n");
		return 2;
	}
	signal(SIGALRM, on_alarm);
	p = read_all(argv[2], &n);
	judge(start(argv[1]), p, n, (const long[2]){atol(argv[3]), atol(argv[4])});
	_exit(0); /* the server's own end may hang */
}
