-- Post bodies in turn, and print what came of it as one line of JSON.
--
-- Arguments: headers, as "Name: value", and files, each a body.

local requests, at = {}, 0

function init(args)
  local headers = {}
  for _, argument in ipairs(args) do
    local name, value = argument:match("^([%w-]+): (.*)$")
    if name then
      headers[name] = value
    else
      local file = assert(io.open(argument, "rb"))
      requests[#requests + 1] = wrk.format("POST", nil, headers, file:read("*a"))
      file:close()
    end
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "failures": %d, "duration_us": %d, "p50_us": %d, "p99_us": %d}\n',
    summary.requests,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout,
    summary.duration, latency:percentile(50), latency:percentile(99)))
end
