# SPDX-License-Identifier: Apache-2.0
"""Requests without a pause by several clients, while something happens to the server:

    with Load([server.launch] * 4) as load:
        server.graceful()
        load.more()
    is_(load.failures, [], "none of them got lost")
"""
import threading

from httpd import poll


class Load:
    """Each of ASKS is called again and again in a thread of its own: it asks, judges the answer and returns it, or raises an
    exception. ANSWERS and FAILURES have what was returned and raised."""

    def __init__(self, asks):
        self.answers, self.failures, self._over = [], [], threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(ask,)) for ask in asks]

    def _run(self, ask):
        while not self._over.is_set():
            try:
                self.answers.append(ask())
            except Exception as error:  # which ones there may be, the test says
                self.failures.append(error)

    def more(self, each=2):
        """Wait for so many more answers to each client, on average."""
        wanted = len(self.answers) + each * len(self._threads)
        poll(lambda: len(self.answers) >= wanted, "more answers under load")

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        try:
            self.more()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join()
