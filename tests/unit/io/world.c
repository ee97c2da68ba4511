#include "world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <uv.h>

char folder[64];
static char certificate[128], key[128], policy[128];
static struct config_listener listener = {.address = "127.0.0.1", .certificate = certificate, .key = key};
struct config config;
struct street *street;

/* ---- the world ---- */

static void write_certificate(void)
{
	EVP_PKEY *k = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	FILE *f;

	(void)ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	(void)X509_gmtime_adj(X509_getm_notBefore(x), 0);
	(void)X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	(void)X509_set_pubkey(x, k);
	assert_true(X509_sign(x, k, EVP_sha256()) > 0);
	assert_non_null(f = fopen(certificate, "w"));
	assert_int_equal(PEM_write_X509(f, x), 1);
	(void)fclose(f);
	assert_non_null(f = fopen(key, "w"));
	assert_int_equal(PEM_write_PrivateKey(f, k, NULL, NULL, 0, NULL, NULL), 1);
	(void)fclose(f);
	X509_free(x);
	EVP_PKEY_free(k);
}

void write_policy(const char *text)
{
	FILE *f = fopen(policy, "w");

	assert_non_null(f);
	(void)fputs(text, f);
	(void)fclose(f);
}

int world_make(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/qw-street-XXXXXX");
	assert_non_null(mkdtemp(folder));
	(void)snprintf(certificate, sizeof(certificate), "%s/c.pem", folder);
	(void)snprintf(key, sizeof(key), "%s/k.pem", folder);
	(void)snprintf(policy, sizeof(policy), "%s/policy", folder);
	write_certificate();
	return 0;
}

int world_remove(void **state)
{
	(void)state;
	(void)unlink(certificate);
	(void)unlink(key);
	(void)unlink(policy);
	(void)snprintf(policy, sizeof(policy), "%s/listen.json", folder);
	(void)unlink(policy);
	return rmdir(folder);
}

int open_street(void **state)
{
	char why[256];

	(void)state;
	doubles = (struct doubles){.upstream_peer = -1};
	write_policy("fine");
	config = (struct config){
		.name = "test",
		.state_dir = folder,
		.listeners = &listener,
		.listener_count = 1,
		.policy_file = policy,
		.limits = {.connections_max = 50, .token_bytes_max = 100, .verdict_cache_entries = 1},
	};
	qw_log_level_set(QW_LOG_ERROR);
	return street_open(&config, &street, why, sizeof(why));
}

int close_street(void **state)
{
	(void)state;
	if (doubles.upstream_peer >= 0)
		(void)close(doubles.upstream_peer);
	street_close(street);
	street = NULL;
	assert_int_equal(doubles.sessions_open, 0);
	assert_int_equal(doubles.upstreams_open, 0);
	return 0;
}

void turn(void)
{
	(void)uv_run(street_loop(street), UV_RUN_NOWAIT);
}

void turn_patiently(int left)
{
	assert_true(left > 0);
	turn();
	(void)usleep(200);
}

int dial(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(street_port(street, 0))};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

void put(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

void expect(int fd, const char *text)
{
	char got[256];
	size_t n = 0, want = strlen(text);

	UNTIL(n >= want)
	{
		ssize_t r = recv(fd, got + n, want - n, MSG_DONTWAIT);

		assert_true(r > 0 || (r < 0 && errno == EAGAIN));
		n += r > 0 ? (size_t)r : 0;
	}
	got[n] = '\0';
	assert_string_equal(got, text);
}

void expect_nothing(int fd)
{
	char got;

	for (int i = 0; i < 50; i++) {
		turn();
		(void)usleep(200);
	}
	assert_int_equal(recv(fd, &got, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

void expect_end(int fd)
{
	char got;
	ssize_t r = -1;

	UNTIL(r >= 0)
	{
		r = recv(fd, &got, 1, MSG_DONTWAIT);
		if (r < 0 && errno == ECONNRESET)
			r = 0;
	}
	assert_int_equal(r, 0);
	(void)close(fd);
}

uint64_t open_now(void)
{
	struct street_stats t;

	street_stats_get(street, &t);
	return t.sessions_open;
}
