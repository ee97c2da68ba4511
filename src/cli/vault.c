/*
 * querywarden vault init | set | list | remove. A secret comes from a terminal without echo, from standard input or from
 * a file; never from the command line or the environment, where others could read it.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "qw/cli.h"
#include "qw/config.h"
#include "qw/vault.h"

enum { OK = 0, FAILED = 1, USAGE = 2 };

struct vault_args {
	const char *file, *key_file, *config_file, *user, *secret_file, *name;
	long random_bytes;
	struct config config; /* owns file and key_file when config_file is given */
	bool has_config;
};

static int usage(const char *problem, const char *what)
{
	if (problem)
		(void)fprintf(stderr, "querywarden vault: %s%s\n", problem, what ? what : "");
	(void)fputs("usage: querywarden vault init              (--config FILE | --file F --key-file K)\n"
		    "       querywarden vault set NAME --user U [--secret-file F | --random BYTES]  (...)\n"
		    "       querywarden vault list              (...)\n"
		    "       querywarden vault remove NAME       (...)\n"
		    "set reads the secret from the terminal, from standard input or from F; --random makes a key.\n",
		stderr);
	return USAGE;
}

static int fail(const char *text)
{
	(void)fprintf(stderr, "querywarden vault: %s\n", text);
	return FAILED;
}

/* ---- arguments ---- */

static int take_option(struct vault_args *a, int c)
{
	char *end = NULL;

	switch (c) {
	case 'f': a->file = optarg; return 0;
	case 'k': a->key_file = optarg; return 0;
	case 'c': a->config_file = optarg; return 0;
	case 'u': a->user = optarg; return 0;
	case 's': a->secret_file = optarg; return 0;
	case 'r':
		a->random_bytes = strtol(optarg, &end, 10);
		if (*optarg && !*end && a->random_bytes >= 16 && a->random_bytes <= 1024)
			return 0;
		return usage("--random takes a number of bytes from 16 to 1024, not ", optarg);
	default: return usage(NULL, NULL);
	}
}

static int parse(int argc, char **argv, struct vault_args *a)
{
	static const struct option options[] = {
		{"file", required_argument, NULL, 'f'},
		{"key-file", required_argument, NULL, 'k'},
		{"config", required_argument, NULL, 'c'},
		{"user", required_argument, NULL, 'u'},
		{"secret-file", required_argument, NULL, 's'},
		{"random", required_argument, NULL, 'r'},
		{NULL, 0, NULL, 0},
	};
	int c, status = 0;

	optind = 0; /* glibc: start again, argv is not main's */
	while (!status && (c = getopt_long(argc, argv, "", options, NULL)) != -1)
		status = take_option(a, c);
	if (status)
		return status;
	if (optind < argc)
		a->name = argv[optind++];
	if (optind < argc)
		return usage("one argument too many", NULL);
	if (a->config_file ? a->file || a->key_file : !a->file || !a->key_file)
		return usage("say either --config FILE or both --file F and --key-file K", NULL);
	return 0;
}

static int locate(struct vault_args *a)
{
	struct config_problem problem = {.line = 0};

	if (!a->config_file)
		return 0;
	if (config_load(a->config_file, &a->config, &problem)) {
		(void)fprintf(stderr, "%s:%u:%u: %s\n", a->config_file, problem.line, problem.column, problem.text);
		return FAILED;
	}
	a->has_config = true;
	a->file = a->config.vault_file;
	a->key_file = a->config.vault_key_file;
	return a->file && a->key_file ? 0 : fail("the configuration names no vault");
}

/* ---- the secret: always in locked memory ---- */

struct secret_room {
	uint8_t bytes[VAULT_SECRET_MAX + 2];
	size_t n;
};

/* A line end at the end belongs to the editor or the shell, not to the secret. */
static int read_secret(int fd, struct secret_room *s, const char *from)
{
	for (s->n = 0; s->n < sizeof(s->bytes);) {
		ssize_t got = read(fd, s->bytes + s->n, sizeof(s->bytes) - s->n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			(void)fprintf(stderr, "querywarden vault: cannot read %s: %s\n", from, strerror(errno));
			return FAILED;
		}
		if (got == 0)
			break;
		s->n += (size_t)got;
	}
	if (s->n && s->bytes[s->n - 1] == '\n')
		s->n--;
	if (s->n && s->bytes[s->n - 1] == '\r')
		s->n--;
	return 0;
}

static int read_secret_file(const char *file, struct secret_room *s)
{
	int status, fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		(void)fprintf(stderr, "querywarden vault: %s: %s\n", file, strerror(errno));
		return FAILED;
	}
	status = read_secret(fd, s, file);
	(void)close(fd);
	return status;
}

/* One line of the terminal, which is in canonical mode: read() returns a whole line. */
static int read_line(int tty, const char *prompt, struct secret_room *s)
{
	ssize_t n;

	if (write(tty, prompt, strlen(prompt)) < 0)
		return fail("cannot write to the terminal");
	do
		n = read(tty, s->bytes, sizeof(s->bytes));
	while (n < 0 && errno == EINTR);
	(void)!write(tty, "\n", 1);
	if (n <= 0 || s->bytes[n - 1] != '\n')
		return fail("no secret was typed");
	s->n = (size_t)n - 1;
	return 0;
}

static int read_twice(int tty, struct secret_room *s)
{
	struct secret_room *again = vault_memory_new(sizeof(*again));
	int status = again ? read_line(tty, "Secret: ", s) : fail("no locked memory left");

	if (!status)
		status = read_line(tty, "Again: ", again);
	if (!status && !qw_bytes_equal_consttime(qw_bytes(s->bytes, s->n), qw_bytes(again->bytes, again->n)))
		status = fail("the two are not the same; nothing was changed");
	vault_memory_free(again, sizeof(*again));
	return status;
}

/* Signals wait while the echo is off: an interrupt must not leave the user with a blind terminal. */
static int ask_terminal(int tty, struct secret_room *s)
{
	struct termios before, quiet;
	sigset_t all, old;
	int status;

	if (tcgetattr(tty, &before) != 0)
		return fail("standard input is not a terminal that can hide what is typed");
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ISIG);
	quiet.c_lflag |= ICANON;
	quiet.c_cc[VEOL] = before.c_cc[VINTR]; /* Ctrl-C ends the line, and that line is no secret */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, &old);
	if (tcsetattr(tty, TCSAFLUSH, &quiet) != 0)
		status = fail("the terminal cannot hide what is typed");
	else
		status = read_twice(tty, s);
	(void)tcsetattr(tty, TCSAFLUSH, &before);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	return status;
}

static int make_random(struct secret_room *s, size_t n)
{
	if (getrandom(s->bytes, n, 0) != (ssize_t)n)
		return fail("no random numbers");
	s->n = n;
	return 0;
}

static int get_secret(const struct vault_args *a, struct secret_room *s)
{
	if (a->random_bytes)
		return make_random(s, (size_t)a->random_bytes);
	if (a->secret_file)
		return read_secret_file(a->secret_file, s);
	return isatty(STDIN_FILENO) ? ask_terminal(STDIN_FILENO, s) : read_secret(STDIN_FILENO, s, "standard input");
}

/* ---- the commands ---- */

static int run_init(const struct vault_args *a)
{
	char why[512] = "";

	if (vault_init(a->file, a->key_file, why, sizeof(why)))
		return fail(why);
	(void)printf("created %s and its key %s; keep a copy of the key elsewhere, without it the vault is lost\n", a->file,
		a->key_file);
	return OK;
}

static int run_set(struct vault *v, const struct vault_args *a)
{
	struct secret_room *s = vault_memory_new(sizeof(*s));
	char why[512] = "no locked memory left";
	int status = s ? get_secret(a, s) : fail(why);

	if (!status && vault_set(v, a->name, a->user ? a->user : "", qw_bytes(s->bytes, s->n), why, sizeof(why)))
		status = fail(why);
	vault_memory_free(s, sizeof(*s));
	return status;
}

static void print_entry(void *ctx, const char *name, const char *user, int64_t changed_at)
{
	time_t t = (time_t)changed_at;
	struct tm tm;
	char when[32] = "";

	(void)ctx;
	if (gmtime_r(&t, &tm))
		(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	(void)printf("%-32s %-32s %s\n", name, *user ? user : "-", when);
}

static int run_list(struct vault *v)
{
	(void)printf("%-32s %-32s %s\n", "NAME", "USER", "CHANGED");
	return vault_each(v, print_entry, NULL) ? fail("the vault cannot be read") : OK;
}

static int run_remove(struct vault *v, const struct vault_args *a)
{
	char why[512] = "";

	return vault_remove(v, a->name, why, sizeof(why)) ? fail(why) : OK;
}

static int run_opened(const char *command, const struct vault_args *a)
{
	struct vault *v = NULL;
	char why[512] = "";
	int status;

	if (vault_open(a->file, a->key_file, &v, why, sizeof(why)))
		return fail(why);
	if (strcmp(command, "set") == 0)
		status = run_set(v, a);
	else if (strcmp(command, "list") == 0)
		status = run_list(v);
	else
		status = run_remove(v, a);
	vault_close(v);
	return status;
}

static int check_command(const char *command, const struct vault_args *a)
{
	bool is_set = strcmp(command, "set") == 0, is_remove = strcmp(command, "remove") == 0;

	if (!is_set && !is_remove && strcmp(command, "init") != 0 && strcmp(command, "list") != 0)
		return usage("unknown command ", command);
	if ((is_set || is_remove) != (a->name != NULL))
		return a->name ? usage("unexpected argument ", a->name) : usage("the NAME of the secret is missing", NULL);
	if (!is_set && (a->user || a->secret_file || a->random_bytes))
		return usage("--user, --secret-file and --random belong to set", NULL);
	if (a->secret_file && a->random_bytes)
		return usage("--secret-file and --random exclude each other", NULL);
	if (is_set && !a->user && !a->random_bytes)
		return usage("set needs --user U (only a random key has none)", NULL);
	return 0;
}

int cli_vault(int argc, char **argv)
{
	struct vault_args a = {.file = NULL};
	int status;

	if (argc < 2)
		return usage("a command is missing", NULL);
	status = parse(argc - 1, argv + 1, &a);
	if (!status)
		status = check_command(argv[1], &a);
	if (status)
		return status;
	if (vault_harden_process())
		return fail("cannot lock memory or forbid core files; raise the limit of locked memory (ulimit -l)");
	status = locate(&a);
	if (!status)
		status = strcmp(argv[1], "init") == 0 ? run_init(&a) : run_opened(argv[1], &a);
	if (a.has_config)
		config_fini(&a.config);
	return status;
}
