/* SPDX-License-Identifier: Apache-2.0 */
/* Files for pages: which pictures and stylesheets are taken, and as what. */
#include "asset.h"
#include "tap.h"

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <unistd.h>

static apr_pool_t *pool;
static const char *path;

/* A file of these bytes; the same name each time. */
static void write_file(const char *bytes, apr_size_t length)
{
    apr_file_t *file;

    if (apr_file_open(&file, path, APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_TRUNCATE,
                      APR_FPROT_OS_DEFAULT, pool) != APR_SUCCESS ||
        apr_file_write_full(file, bytes, length, NULL) != APR_SUCCESS)
        abort();
    apr_file_close(file);
}

#define WRITE(literal) write_file(literal, sizeof(literal) - 1)

static void is_picture(const char *start, const char *what)
{
    const char *uri = NULL;

    is_str(rcidp_asset_picture(pool, path, 100, &uri), NULL, "%s is taken", what);
    ok(uri && strncmp(uri, start, strlen(start)) == 0, "%s: as %s", what, start);
}

static void is_refused(const char *error, const char *wanted, const char *what)
{
    ok(error && strstr(error, wanted), "%s is refused: %s", what, error ? error : "(it was not)");
}

static void test_pictures(void)
{
    const char *uri = NULL;

    WRITE("\x89PNG\r\n\x1A\n\0\0\0\rIHDR");
    is_picture("data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==", "PNG");
    WRITE("\xFF\xD8\xFF\xE0");
    is_picture("data:image/jpeg;base64,/9j/4A==", "JPEG");
    WRITE("GIF89a");
    is_picture("data:image/gif;base64,R0lGODlh", "GIF");
    WRITE("RIFF\x10\0\0\0WEBPVP8 ");
    is_picture("data:image/webp;base64,", "WebP");
    WRITE("\xEF\xBB\xBF\n<?xml version=\"1.0\"?><!-- a --><svg xmlns=\"http://www.w3.org/2000/svg\"/>");
    is_picture("data:image/svg+xml;base64,77u/", "SVG");
    WRITE("\x89PNG\r\n\x1A\n\0\0\0\rIHD");
    is_refused(rcidp_asset_picture(pool, path, 100, &uri), "neither PNG", "a PNG that is cut off");
    WRITE("RIFF\x10\0\0\0WAVEfmt ");
    is_refused(rcidp_asset_picture(pool, path, 100, &uri), "neither PNG", "a sound");
    WRITE("<html><body>");
    is_refused(rcidp_asset_picture(pool, path, 100, &uri), "neither PNG", "HTML");
    WRITE("svg <svg>");
    is_refused(rcidp_asset_picture(pool, path, 100, &uri), "neither PNG", "text");
    WRITE("<svg>\0</svg>");
    is_refused(rcidp_asset_picture(pool, path, 100, &uri), "neither PNG", "an SVG with NUL");
    WRITE("GIF89a");
    is_refused(rcidp_asset_picture(pool, path, 5, &uri), "has 6 bytes; at most 5",
               "a file that is too large");
    is_refused(rcidp_asset_picture(pool, "/nowhere/logo.png", 100, &uri), "cannot read",
               "a file that is not there");
    WRITE("");
    is_refused(rcidp_asset_picture(pool, path, 100, &uri), "1 byte", "an empty file");
}

static void test_style(const char *text, const char *wanted)
{
    const char *style = NULL;

    write_file(text, strlen(text));
    is_str(rcidp_asset_stylesheet(pool, path, &style), NULL, "a stylesheet is taken");
    is_str(style, wanted, "as a browser reads it");
}

static void test_no_style(const char *text, apr_size_t length, const char *wanted, const char *what)
{
    const char *style = NULL;

    write_file(text, length);
    is_refused(rcidp_asset_stylesheet(pool, path, &style), wanted, what);
}

#define NO_STYLE(literal, wanted, what) test_no_style(literal, sizeof(literal) - 1, wanted, what)

static void test_stylesheets(void)
{
    char *large = apr_pcalloc(pool, RCIDP_STYLESHEET_LIMIT + 1);

    memset(large, ' ', RCIDP_STYLESHEET_LIMIT + 1);
    test_style("h1{color:red}\n", "h1{color:red}\n");
    test_style("\xEF\xBB\xBF"
               "a{}\r\nb{}\rc{}\n\r\r\n",
               "a{}\nb{}\nc{}\n\n\n");
    test_style("\r\n/* J\xC3\xBCrgen */", "\n/* J\xC3\xBCrgen */");
    test_style("a{background:url( 'data:image/png;base64,AA' )}",
               "a{background:url( 'data:image/png;base64,AA' )}");
    test_style("a{fill:url(#b)}", "a{fill:url(#b)}");
    NO_STYLE("a{}</STYLE ><script>", "without HTML", "one that ends its element");
    NO_STYLE("@Import 'x.css';", "fetch", "one that imports");
    NO_STYLE("a{background:URL(\thttps://example.com/)}", "fetch", "one that fetches");
    NO_STYLE("a{background:url(data:,)}b{background:url(\"/logo.png\")}", "fetch",
             "one that fetches the second time");
    NO_STYLE("a{background:image-set('a.png' 1x)}", "fetch", "one that fetches by image-set");
    NO_STYLE("a{background:url(", "fetch", "one that is cut off");
    NO_STYLE("a{}\0b{}", "UTF-8", "one with NUL");
    NO_STYLE("/* J\xFCrgen */", "UTF-8", "one in latin-1");
    test_no_style(large, RCIDP_STYLESHEET_LIMIT + 1, "at most", "one that is too large");
}

int main(void)
{
    const char *folder;

    apr_initialize();
    atexit(apr_terminate);
    apr_pool_create(&pool, NULL);
    apr_temp_dir_get(&folder, pool);
    path = apr_psprintf(pool, "%s/rcidp-asset.%ld", folder, (long)getpid());
    test_pictures();
    test_stylesheets();
    apr_file_remove(path, pool);
    return done();
}
