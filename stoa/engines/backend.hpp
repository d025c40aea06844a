// The inside of a stoa-worker: one model, one thread that reads frames, computes a step and writes
// what came of it. Nothing here runs in the node.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stoa/inference/protocol.hpp"

namespace stoa::engines {

/// Frames on their way to the node.
class Outbox {
  public:
    template <class Message>
    void send(inference::FrameKind kind, std::uint32_t call, Message message) {
        const ByteVector frame = inference::encode(kind, call, std::move(message));
        bytes_.insert(bytes_.end(), frame.begin(), frame.end());
    }
    void refuse(std::uint32_t call, inference::InferenceError why) {
        send(inference::FrameKind::refused, call, inference::RefusedMessage{why});
    }

    ByteVector take() { return std::exchange(bytes_, {}); }

  private:
    ByteVector bytes_;
};

/// A loaded model. Calls are taken at once and answered by later steps, in the protocol's frames.
class Backend {
  public:
    virtual ~Backend() = default;

    virtual const inference::EngineInfo& info() const = 0;
    virtual const inference::TensorSignature& signature() const = 0;

    virtual void count(std::uint32_t call, const inference::Prompt&, Outbox&) = 0;
    virtual void generate(std::uint32_t call, inference::GenerateRequest, Outbox&) = 0;
    virtual void embed(std::uint32_t call, std::vector<std::string> texts, Outbox&) = 0;
    virtual void infer(std::uint32_t call, inference::Tensors, Outbox&) = 0;
    /// Forgets the call, wherever it is.
    virtual void cancel(std::uint32_t call) = 0;

    virtual bool idle() const = 0;
    /// A part of the work, short enough to hear a cancellation in time. Throws when the engine is
    /// broken: the process ends then.
    virtual void step(Outbox&) = 0;
};

}  // namespace stoa::engines
