/* OpenID Connect Discovery 1.0 section 4.3, RFC 8414 section 3.3. */
#include "private.h"

/* An address that we are ready to fetch: https, a host, no user, no fragment, nothing but visible ASCII. */
static bool is_https_url(const char *url)
{
	static const char scheme[] = "https://";
	const char *host = url + sizeof(scheme) - 1;
	size_t host_n;

	if (strncmp(url, scheme, sizeof(scheme) - 1) != 0)
		return false;
	for (const char *c = url; *c; c++)
		if (*c <= ' ' || *c > '~' || *c == '\\' || *c == '#')
			return false;
	host_n = strcspn(host, "/?");
	return host_n > 0 && host[0] != ':' && !memchr(host, '@', host_n);
}

static int uri_take(const json_t *doc, const char *issuer, char *jwks_uri, size_t size, struct why why)
{
	const char *iss = json_string_value(json_object_get(doc, "issuer"));
	const char *uri = json_string_value(json_object_get(doc, "jwks_uri"));

	if (!iss || strcmp(iss, issuer) != 0)
		return identity_refuse(why, "the discovery document names another issuer than the configured one");
	if (!uri || !is_https_url(uri))
		return identity_refuse(why, "the discovery document's jwks_uri is missing or not a plain https address");
	if (strlen(uri) >= size)
		return identity_refuse(why, "the discovery document's jwks_uri is too long");
	memcpy(jwks_uri, uri, strlen(uri) + 1);
	return 0;
}

int identity_discovery_parse(struct qw_bytes json, const char *issuer, char *jwks_uri, size_t size, char *why,
	size_t why_size)
{
	struct why reason = {why, why_size};
	json_t *doc;
	int err;

	if (json.n > DOCUMENT_BYTES_MAX) {
		(void)identity_refuse(reason, "the discovery document is larger than %d bytes", DOCUMENT_BYTES_MAX);
		return QW_E_LIMIT;
	}
	(void)identity_refuse(reason, "the discovery document is not a strict JSON object");
	doc = identity_json_object(json);
	if (!doc)
		return QW_E_MALFORMED;
	err = uri_take(doc, issuer, jwks_uri, size, reason);
	json_decref(doc);
	return err ? QW_E_MALFORMED : 0;
}
