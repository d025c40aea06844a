#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <unordered_map>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "stoa/inference/protocol.hpp"
#include "stoa/inference/worker_process.hpp"

namespace stoa::inference {

/// One life of a worker: the process, the socket, and the calls that it has. All on one thread.
class WorkerConnection : public std::enable_shared_from_this<WorkerConnection> {
  public:
    /// Starts the process. Throws `std::system_error`.
    static std::shared_ptr<WorkerConnection> start(boost::asio::any_io_executor,
                                                   const std::filesystem::path& program,
                                                   const std::vector<std::string>& arguments,
                                                   int file);
    WorkerConnection(boost::asio::any_io_executor, WorkerProcess);
    /// Kills and reaps what is still there.
    ~WorkerConnection();

    /// The worker's first frame. Throws EngineFailure, with the worker's own words if it has any.
    Task<ReadyMessage> wait_ready(std::chrono::milliseconds deadline);

    /// Hands frames to their calls until the worker ends; it's killed if it's silent for so long
    /// while it has calls. Returns why it ended, when the process is gone and all calls failed.
    Task<std::string> run(std::chrono::milliseconds silence);

    /// Ends the worker; `run` returns soon after.
    void kill();

    pid_t pid() const { return process_.pid; }
    std::size_t calls() const { return calls_.size(); }

    /// A call that the worker has. Gone before its last frame came, it's cancelled.
    class Call {
      public:
        /// Sends `frame_of(number)`; the worker answers with at most `max_frames`.
        template <class F>
        Call(std::shared_ptr<WorkerConnection> connection, std::size_t max_frames, F frame_of)
            : connection_(std::move(connection)),
              number_(connection_->next_call_++),
              frames_left_(max_frames),
              wake_(connection_->executor_, boost::asio::steady_timer::time_point::max()) {
            connection_->calls_.emplace(number_, this);
            connection_->send(frame_of(number_));
        }
        ~Call();
        Call(const Call&) = delete;

        /// The next frame of the answer. EngineFailure once the worker has ended.
        Task<Frame> next();
        /// No more frames are expected.
        void finish() { finished_ = true; }

      private:
        friend WorkerConnection;
        std::shared_ptr<WorkerConnection> connection_;
        std::uint32_t number_;
        std::size_t frames_left_;
        std::deque<Frame> frames_;
        boost::asio::steady_timer wake_;
        bool finished_ = false;
    };

  private:
    Task<Frame> read_frame();
    Task<void> read_all();
    void dispatch(Frame);
    void send(ByteVector);
    Task<void> write_queue(std::shared_ptr<WorkerConnection> self);
    Task<void> read_errors(std::shared_ptr<WorkerConnection> self);
    Task<void> watch(std::shared_ptr<WorkerConnection> self, std::chrono::milliseconds silence);
    Task<std::string> end();

    boost::asio::any_io_executor executor_;
    WorkerProcess process_;
    boost::asio::local::stream_protocol::socket socket_;
    boost::asio::posix::stream_descriptor errors_;
    boost::asio::posix::stream_descriptor ended_;
    boost::asio::steady_timer watch_timer_;
    bool reaped_ = false;
    std::string failure_;      // why it ended, once it did
    std::string what_we_saw_;  // why we ended it
    std::string last_errors_;

    std::unordered_map<std::uint32_t, Call*> calls_;
    std::uint32_t next_call_ = 1;
    std::deque<ByteVector> outgoing_;
    bool writing_ = false;
    std::chrono::steady_clock::time_point last_heard_;
};

}  // namespace stoa::inference
