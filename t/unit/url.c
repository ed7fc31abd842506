/* SPDX-License-Identifier: Apache-2.0 */
/* URLs: which ones are taken, and what an allow-list lets through. */
#include "url.h"
#include "tap.h"

#include <apr_escape.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>

#define EACH(table) sizeof(table) / sizeof((table)[0]), table

static apr_pool_t *pool;

static bool is_uri(const char *text)
{
    return rcidp_url_is_uri(text);
}

static bool is_plain(const char *text)
{
    return rcidp_url_is_plain(pool, text);
}

static bool is_https(const char *text)
{
    return rcidp_url_is_https(pool, text);
}

static void judge(bool (*is)(const char *), bool expected, const char *kind, size_t count,
                  const char *const *table)
{
    for (size_t i = 0; i < count; i++)
        ok(is(table[i]) == expected, "%s %s", kind, apr_pescape_echo(pool, table[i], 0));
}

static void test_uri(void)
{
    static const char *const good[] = {
        "https://sso.example.com/ringcentral/metadata",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
        "saml2:ringcentral:prod",
        "a:b",
        "A+b-c.9:x",
        "mailto:alice@example.com",
        "https://h/?a=b&c=%20[]#f",
        "https:x",
    };
    static const char *const bad[] = {
        "",
        ":",
        "a",
        "a:",
        "/a:b",
        "9a:b",
        "+a:b",
        "a_b:c",
        "a b:c",
        "sso.example.com/a",
        "//sso.example.com/",
        "a: b",
        "a:b ",
        " a:b",
        "a:<b>",
        "a:\"b\"",
        "a:b\\c",
        "a:b\n",
        "a:\x7F",
        "a:\x01",
        "a:{b}",
        "a:b|c",
        "a:b^c",
        "a:b`c",
        "a:J\xC3\xBCrgen",
        "\xC3\xA9:b",
    };

    judge(is_uri, true, "a URI:", EACH(good));
    judge(is_uri, false, "no URI:", EACH(bad));
}

static const char *const web[] = {
    "https://service.ringcentral.com/mobile/ssoLogin",
    "https://service.ringcentral.com",
    "https://service.ringcentral.com/",
    "https://service.ringcentral.com?a=b",
    "HTTPS://Service.RingCentral.COM/Mobile",
    "https://host:443/",
    "https://host:8443/a",
    "https://host:65535/",
    "https://127.0.0.1/a",
    "https://[::1]/a",
    "https://[2001:db8::1]:8443/a",
    "https://host/a//b/",
    "https://host/a;b=c/d",
    "https://host/...",
    "https://host/.well-known/a..b/c.",
    "https://host/a%20b/%C3%A9",
    "https://host/a%252Fb",
    "https://host/100%",
    "https://host/a@b:c",
    "https://host/a?next=https://user@host/../b",
    "https://host/a?b=%5C%00%0A",
};

/* What no kind of URL may be, whatever its scheme. */
static const char *const hostile[] = {
    /* no web URL */
    "",
    "/mobile",
    "//evil.example/",
    "https:",
    "https:/",
    "https://",
    "https:///",
    "https:///path",
    "https://?a",
    "https://#a",
    "https:host",
    "https:/host/",
    "https:\\\\host\\",
    "ftp://host/",
    "httpss://host/",
    "xhttps://host/",
    "javascript:alert(1)",
    "javascript://host/%0Aalert(1)",
    "data:text/html,x",
    " https://host/",
    "\thttps://host/",
    "https ://host/",
    /* somebody else's host */
    "https://user@host/",
    "https://user:password@host/",
    "https://@host/",
    "https://:@host/",
    "https://service.ringcentral.com@evil.example/",
    "https://service.ringcentral.com:443@evil.example/",
    "https://[::1]@evil.example/",
    "https://service.ringcentral.com\\@evil.example/",
    "https://evil.example\\.ringcentral.com/",
    "https://host\\/",
    "https://ho st/",
    "https://ho\tst/",
    "https://host\n.evil.example/",
    "https://h\xC3\xB6st/",
    "https://host%00.evil.example/",
    "https://host%2Fpath",
    "https://host%40evil.example/",
    "https://%68ost/",
    /* ports */
    "https://:443/",
    "https://host:/",
    "https://host:0/",
    "https://host:65536/",
    "https://host:65979/",
    "https://host:4294967739/",
    "https://host:+443/",
    "https://host:-1/",
    "https://host:443x/",
    "https://host:https/",
    "https://host:443:443/",
    "https://::1/",
    "https://[::1/",
    "https://::1]/",
    "https://[]/",
    "https://[::1]evil.example/",
    "https://[::1].evil.example:443/",
    "https://[service.ringcentral.com]/",
    "https://[ab.cd]/",
    "https://evil[::1]/",
    /* paths */
    "https://host/.",
    "https://host/..",
    "https://host/a/../b",
    "https://host/a/./b",
    "https://host/a/..",
    "https://host/a/../",
    "https://host/a/%2e%2e/b",
    "https://host/a/%2E./b",
    "https://host/a/.%2e",
    "https://host/a/%2e/b",
    "https://host/a%2f..%2fb",
    "https://host/a%2F%2E%2E%2Fb",
    "https://host/a/%252e%252e/b",
    "https://host/a/%25252e%25252E/b",
    "https://host/a/%%32%65%%32%65/b",
    "https://host/a%252f..%252fb",
    "https://host/a/..;/b",
    "https://host/a/..;x=y/b",
    "https://host/a/.;/b",
    "https://host/a/..%3B/b",
    "https://host/a/%2e%2e%3bx/b",
    "https://host/a/%c0%ae%c0%ae/b",
    "https://host/a/..%c0%af/b",
    "https://host/a\\b",
    "https://host/a%5Cb",
    "https://host/a%5c..%5cb",
    "https://host/a%255Cb",
    "https://host/a%00",
    "https://host/a%2500",
    "https://host/a%%300",
    "https://host/a%0d%0aSet-Cookie:x",
    "https://host/a%250A",
    "https://host/a%09",
    "https://host/a%7f",
    "https://host/a%01",
    "https://host/a b",
    "https://host/a\r\n",
    "https://host/a\x01",
    "https://host/\xC3\xA9",
    "https://host/<a>",
    "https://host/a?b\\c",
    "https://host/a?b c",
    "https://host/a#\n",
};

static void test_web(void)
{
    judge(is_plain, true, "plain:", EACH(web));
    judge(is_https, true, "https:", EACH(web));
    judge(is_plain, false, "not plain:", EACH(hostile));
    judge(is_https, false, "not https:", EACH(hostile));
    ok(is_plain("http://host/") && !is_https("http://host/"), "http is plain, but no https");
    ok(is_plain("HTTP://host:80/a") && !is_https("HTTP://host:80/a"), "nor is it in capitals");
    ok(is_plain("https://host/a#b") && !is_https("https://host/a#b"), "a fragment is plain, but no https");
}

/* No hostile URL gets through, not even past a prefix of its own making. */
static void test_allows_nothing_hostile(void)
{
    int passed = 0;

    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        passed += rcidp_url_allows(pool, "https://host", hostile[i]);
        passed += rcidp_url_allows(pool, "https://service.ringcentral.com/", hostile[i]);
        passed += rcidp_url_allows(pool, "https://[::1]", hostile[i]);
        passed += rcidp_url_allows(pool, hostile[i], hostile[i]);
        passed += rcidp_url_allows(pool, hostile[i], "https://host/a");
    }
    is_int(passed, 0, "no hostile URL gets through, or lets another through");
}

typedef struct pair {
    const char *prefix, *url;
    bool allowed;
} pair;

static void test_pairs(size_t count, const pair *table)
{
    for (size_t i = 0; i < count; i++)
        ok(rcidp_url_allows(pool, table[i].prefix, table[i].url) == table[i].allowed, "%s %s %s",
           table[i].prefix, table[i].allowed ? "lets through" : "keeps out", table[i].url);
}

static void test_allows_path(void)
{
    static const pair table[] = {
        {"https://h/mobile", "https://h/mobile", true},
        {"https://h/mobile", "https://h/mobile/", true},
        {"https://h/mobile", "https://h/mobile/x/y", true},
        {"https://h/mobile", "https://h/mobile?x", true},
        {"https://h/mobile", "https://h/mobile#x", true},
        {"https://h/mobile", "https://h/mobile//x", true},
        {"https://h/mobile", "https://h/mobilex", false},
        {"https://h/mobile", "https://h/mobile.evil", false},
        {"https://h/mobile", "https://h/mobile;x", false},
        {"https://h/mobile", "https://h/mobile%2Fx", false},
        {"https://h/mobile", "https://h/Mobile", false},
        {"https://h/mobile", "https://h/%6Dobile", false},
        {"https://h/mobile", "https://h/mobil", false},
        {"https://h/mobile", "https://h/x/mobile", false},
        {"https://h/mobile", "https://h//mobile", false},
        {"https://h/mobile", "https://h/?/mobile", false},
        {"https://h/mobile", "https://h/", false},
        {"https://h/mobile", "https://h", false},
        {"https://h/mobile/", "https://h/mobile/", true},
        {"https://h/mobile/", "https://h/mobile/x", true},
        {"https://h/mobile/", "https://h/mobile", false},
        {"https://h/mobile/", "https://h/mobilex/", false},
        {"https://h", "https://h", true},
        {"https://h", "https://h/", true},
        {"https://h", "https://h/x", true},
        {"https://h", "https://h?x", true},
        {"https://h/", "https://h", true},
        {"https://h/", "https://h?x", true},
        {"https://h/", "https://h/x", true},
        {"https://h/a%20b", "https://h/a%20b/c", true},
    };

    test_pairs(EACH(table));
}

static void test_allows_host(void)
{
    static const pair table[] = {
        {"https://h/", "HTTPS://H/", true},
        {"HTTPS://Service.RingCentral.com/m", "https://service.ringcentral.COM/m", true},
        {"https://h/", "http://h/", false},
        {"http://h/", "https://h/", false},
        {"http://h/", "http://h/x", true},
        {"http://h:443/", "https://h/", false},
        {"https://h/", "https://h:443/", true},
        {"https://h:443/", "https://h/", true},
        {"https://h:443/", "HTTPS://h/", true},
        {"http://h:80/", "http://h/", true},
        {"https://h/", "https://h:0443/", true},
        {"https://h/", "https://h:8443/", false},
        {"https://h:8443/", "https://h/", false},
        {"https://h:8443/", "https://h:8443/x", true},
        {"https://h:8443/", "https://h:84430/", false},
        {"https://ringcentral.com", "https://ringcentral.com.evil.example", false},
        {"https://ringcentral.com", "https://evilringcentral.com", false},
        {"https://ringcentral.com", "https://service.ringcentral.com", false},
        {"https://ringcentral.com", "https://ringcentral.com./", false},
        {"https://ringcentral.com", "https://evil.example/ringcentral.com", false},
        {"https://ringcentral.com", "https://evil.example?https://ringcentral.com", false},
        {"https://ringcentral.com", "https://evil.example#ringcentral.com", false},
        {"https://ringcentral.com", "https://ringcentral.com@evil.example/", false},
        {"https://ringcentral.com", "https://ringcentral.com:x@evil.example/", false},
        {"https://[::1]/a", "https://[::1]/a/b", true},
        {"https://[::1]/a", "https://[::1]:443/a", true},
        {"https://[::1]/a", "https://[::2]/a", false},
        {"https://[::1]/a", "https://[::1]:8443/a", false},
        {"https://[2001:DB8::1]/", "https://[2001:db8::1]/", true},
        {"https://h/", "", false},
        {"", "https://h/", false},
        {"h", "h", false},
        {"https:", "https://h/", false},
        {"urn:a:b", "urn:a:b", false},
    };

    test_pairs(EACH(table));
}

int main(void)
{
    apr_initialize();
    atexit(apr_terminate);
    apr_pool_create(&pool, NULL);
    test_uri();
    test_web();
    test_allows_nothing_hostile();
    test_allows_path();
    test_allows_host();
    return done();
}
