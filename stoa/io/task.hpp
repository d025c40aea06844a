// What can fail because the world did: waiting, threads, sockets, files, time. Everything that
// waits is a `Task` on one event loop; what blocks runs on a `Pool` (pool.hpp); every wait has a
// deadline (deadline.hpp). HTTP is spoken through `Request` and `Response` (http.hpp), by a
// `Server` and a `Client`, and nobody outside sees the library behind them.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace stoa {

/// A coroutine of an event loop. It starts when it is awaited, on the executor of the one who
/// awaits, and throws what it throws. Cancelled, it throws at the wait that it is in.
///
/// GCC 12 destroys an aggregate twice that is made with braces in a `co_await` expression, as in
/// `co_await f({.name = "x"})` (GCC bugs 98401, 99576): give it a name first, or a constructor.
/// A lambda that is a coroutine must outlive it: its captures are not copied into the coroutine.
template <class T>
using Task = boost::asio::awaitable<T>;

}  // namespace stoa
