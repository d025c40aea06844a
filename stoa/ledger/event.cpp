#include "stoa/ledger/event.hpp"

#include <stdexcept>
#include <type_traits>

#include "stoa/base/assert.hpp"

namespace stoa::ledger {
namespace {

class Writer {
  public:
    explicit Writer(ByteVector& out) : out_(out) {}

    template <class... Fields>
    void operator()(const Fields&... fields) {
        (put(fields), ...);
    }

  private:
    void append(Bytes bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
    void put(const Hash256& value) { append(value.bytes); }
    void put(const eth::Address& value) { append(value.bytes); }
    void put(const eth::Signature& value) { append(value.bytes); }
    void put(const Amount& value) { append(to_big_endian(value.units)); }
    void put(const U256& value) { append(to_big_endian(value)); }
    template <std::integral Number>
    void put(Number number) {
        const auto bits = static_cast<std::uint64_t>(number);
        std::array<std::uint8_t, 8> bytes;
        for (unsigned i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(bits >> (56 - 8 * i));
        append(bytes);
    }
    void put(const ByteVector& bytes) {
        STOA_ASSERT(bytes.size() <= 0xffff);
        out_.push_back(static_cast<std::uint8_t>(bytes.size() >> 8));
        out_.push_back(static_cast<std::uint8_t>(bytes.size()));
        append(bytes);
    }

    ByteVector& out_;
};

class Reader {
  public:
    explicit Reader(Bytes bytes) : rest_(bytes) {}

    template <class... Fields>
    void operator()(Fields&... fields) {
        (get(fields), ...);
    }
    void expect_end() const {
        if (!rest_.empty()) throw std::runtime_error("a record of the ledger is too long");
    }

  private:
    Bytes take(std::size_t count) {
        if (rest_.size() < count) throw std::runtime_error("a record of the ledger is cut off");
        const Bytes taken = rest_.first(count);
        rest_ = rest_.subspan(count);
        return taken;
    }
    template <std::size_t N>
    void get(std::array<std::uint8_t, N>& value) {
        std::ranges::copy(take(N), value.begin());
    }
    void get(Hash256& value) { get(value.bytes); }
    void get(eth::Address& value) { get(value.bytes); }
    void get(eth::Signature& value) { get(value.bytes); }
    void get(Amount& value) { get(value.units); }
    void get(U256& value) { value = from_big_endian(take(32)); }
    template <std::integral Number>
    void get(Number& number) {
        std::uint64_t bits = 0;
        for (const std::uint8_t byte : take(8)) bits = bits << 8 | byte;
        number = static_cast<Number>(bits);
    }
    void get(ByteVector& bytes) {
        const Bytes length = take(2);
        const Bytes body = take(static_cast<std::size_t>(length[0] << 8 | length[1]));
        bytes.assign(body.begin(), body.end());
    }

    Bytes rest_;
};

// One list of fields per event serves both directions, so that they can't differ.

template <class Archive, class Config>
void config_fields(Archive& a, Config& c) {
    a(c.payer, c.payer_authorizer, c.receiver, c.receiver_authorizer, c.token,
      c.withdraw_delay_seconds, c.salt);
}

template <class T, class U>
concept Is = std::same_as<std::remove_const_t<T>, U>;

template <class Archive, class E>
void fields(Archive& a, E& e) {
    if constexpr (Is<E, Opened>) {
        a(e.channel);
        config_fields(a, e.config);
        a(e.charged, e.time);
    } else if constexpr (Is<E, Mirrored>) {
        a(e.channel, e.state.balance, e.state.safe_balance, e.state.claimed, e.state.withdrawing,
          e.state.withdraw_requested_at, e.state.refund_nonce, e.state.block);
    } else if constexpr (Is<E, Reserved>) {
        a(e.channel, e.maximum, e.signature, e.amount, e.request, e.time);
    } else if constexpr (Is<E, Charged>) {
        a(e.channel, e.charged, e.input_tokens, e.output_tokens, e.time);
    } else if constexpr (Is<E, Released>) {
        a(e.channel);
    } else if constexpr (Is<E, DepositAccepted>) {
        a(e.channel);
        config_fields(a, e.config);
        a(e.deposit.amount, e.deposit.valid_after, e.deposit.valid_before, e.deposit.salt,
          e.deposit.signature, e.time);
    } else if constexpr (Is<E, DepositIncluded>) {
        a(e.channel, e.salt, e.transaction, e.block);
    } else if constexpr (Is<E, Lost>) {
        a(e.channel, e.amount, e.time);
    } else if constexpr (Is<E, Closed>) {
        a(e.channel, e.time);
    } else if constexpr (Is<E, ExactSettled>) {
        a(e.payment, e.payer, e.receiver, e.token, e.amount, e.transaction, e.request, e.time);
    } else if constexpr (Is<E, Raised>) {
        a(e.channel, e.maximum, e.signature, e.amount, e.time);
    } else if constexpr (Is<E, Limited>) {
        a(e.channel, e.per_day, e.expires, e.nonce, e.time);
    } else if constexpr (Is<E, ExactBegun>) {
        a(e.payment, e.payer, e.receiver, e.token, e.amount, e.request, e.time);
    } else if constexpr (Is<E, RefundSigned>) {
        a(e.channel, e.nonce, e.amount, e.time);
    } else {
        static_assert(Is<E, ExactServed> || Is<E, ExactAbandoned>);
        a(e.payment);
    }
}

constexpr std::uint8_t kTogether = 0xff;
static_assert(std::variant_size_v<Event> < kTogether);

template <std::size_t Kind = 0>
Event decode_kind(std::size_t kind, Reader& reader) {
    if constexpr (Kind == std::variant_size_v<Event>) {
        throw std::runtime_error("the ledger holds a record of an unknown kind");
    } else {
        if (kind != Kind) return decode_kind<Kind + 1>(kind, reader);
        std::variant_alternative_t<Kind, Event> event;
        fields(reader, event);
        return event;
    }
}

void append(ByteVector& out, const Event& event) {
    Writer writer(out);
    out.push_back(static_cast<std::uint8_t>(event.index()));
    std::visit([&](const auto& e) { fields(writer, e); }, event);
}

}  // namespace

ByteVector encode(const Event& event) {
    ByteVector out;
    out.reserve(256);
    append(out, event);
    return out;
}

Event decode(Bytes bytes) {
    if (bytes.empty()) throw std::runtime_error("a record of the ledger is empty");
    Reader reader{bytes.subspan(1)};
    Event event = decode_kind(bytes[0], reader);
    reader.expect_end();
    return event;
}

ByteVector encode_together(std::span<const Event> events) {
    if (events.size() == 1) return encode(events.front());
    ByteVector out{kTogether};
    out.reserve(events.size() * 160);
    for (const Event& event : events) {
        const std::size_t begin = out.size();
        out.resize(begin + 2);
        append(out, event);
        const std::size_t size = out.size() - begin - 2;
        STOA_ASSERT(size <= 0xffff);
        out[begin] = static_cast<std::uint8_t>(size >> 8);
        out[begin + 1] = static_cast<std::uint8_t>(size);
    }
    return out;
}

void decode_together(Bytes bytes, const std::function<void(const Event&)>& found) {
    if (bytes.empty() || bytes[0] != kTogether) {
        found(decode(bytes));
        return;
    }
    for (Bytes rest = bytes.subspan(1); !rest.empty();) {
        const std::size_t size =
            rest.size() < 2 ? rest.size() : static_cast<std::size_t>(rest[0] << 8 | rest[1]);
        if (rest.size() < 2 + size) throw std::runtime_error("a record of the ledger is cut off");
        found(decode(rest.subspan(2, size)));
        rest = rest.subspan(2 + size);
    }
}

}  // namespace stoa::ledger
