-- The same requests as bench/bodies.py, for wrk. Arguments after `--`: token, body, prefix.
-- Every latency wrk counted is told in the end, so that two workers' can be put together.
local token, body, prefix, count

function init(args)
  token, body, prefix, count = args[1], args[2], args[3], 0
end

function request()
  count = count + 1
  local number = prefix .. string.format("%06x", count)
  return wrk.format("POST", "/api/v1/dossiers", {
    ["Authorization"] = "Bearer " .. token,
    ["Content-Type"] = "application/json",
    ["Idempotency-Key"] = number,
  }, (body:gsub("0123456789ab", number)))
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("seen %d %d %d\n", summary.requests, summary.duration, failed))
  for i = 1, #latency do
    local value, times = latency(i)
    io.write(string.format("latency %d %d\n", value, times))
  end
end
