# SPDX-License-Identifier: Apache-2.0

# RCIDP_CFLAG(VARIABLE, FLAGS, [PROGRAM]): append those FLAGS with which the compiler takes PROGRAM without a murmur.
AC_DEFUN([RCIDP_CFLAG], [
  for rcidp_flag in $2; do
    AS_VAR_PUSHDEF([rcidp_cv], [rcidp_cv_cflag_$rcidp_flag])
    AC_CACHE_CHECK([whether $CC takes $rcidp_flag], [rcidp_cv], [
      rcidp_save=$CFLAGS
      CFLAGS="$CFLAGS -Werror $rcidp_flag"
      AC_COMPILE_IFELSE([AC_LANG_SOURCE([m4_default([$3], [AC_LANG_PROGRAM([], [])])])],
        [AS_VAR_SET([rcidp_cv], [yes])], [AS_VAR_SET([rcidp_cv], [no])])
      CFLAGS=$rcidp_save
    ])
    AS_VAR_IF([rcidp_cv], [yes], [AS_VAR_APPEND([$1], [" $rcidp_flag"])])
    AS_VAR_POPDEF([rcidp_cv])
  done
])

# RCIDP_LDFLAG(VARIABLE, FLAGS): the same for the linker.
AC_DEFUN([RCIDP_LDFLAG], [
  for rcidp_flag in $2; do
    AS_VAR_PUSHDEF([rcidp_cv], [rcidp_cv_ldflag_$rcidp_flag])
    AC_CACHE_CHECK([whether the linker takes $rcidp_flag], [rcidp_cv], [
      rcidp_save=$LDFLAGS
      LDFLAGS="$LDFLAGS $rcidp_flag"
      AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
        [AS_VAR_SET([rcidp_cv], [yes])], [AS_VAR_SET([rcidp_cv], [no])])
      LDFLAGS=$rcidp_save
    ])
    AS_VAR_IF([rcidp_cv], [yes], [AS_VAR_APPEND([$1], [" $rcidp_flag"])])
    AS_VAR_POPDEF([rcidp_cv])
  done
])

# RCIDP_SYSTEM(VARIABLE): turn each -I into -isystem, so that our warnings speak of our code alone. /usr/include is
# the compiler's already and must keep its place in the search.
AC_DEFUN([RCIDP_SYSTEM], [
  $1=`AS_ECHO(["$$1"]) | sed 's:-I */usr/include\( \|@S|@\):\1:g; s:-I *:-isystem :g'`
])

# RCIDP_MISSING(WHAT, DEBIAN PACKAGE, FEDORA PACKAGE): the one sentence for a thing that is not there.
AC_DEFUN([RCIDP_MISSING], [
  AC_MSG_ERROR([$1: install $2 (Debian) or $3 (Fedora), or let ./bootstrap do it])
])
