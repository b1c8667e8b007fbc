import { InterceptingCall, Metadata, status, type Interceptor, type NextCall } from '@grpc/grpc-js'
import { defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client'

type Call = ReturnType<NextCall>

/**
 * A call for which the channel is closed fails with CANCELLED for who awaits it. By itself grpc-js throws there: the SDK makes
 * a failed call again from a timer, where nobody catches, so that a call under way at the close would end the process.
 */
const failOnClosedChannel: Interceptor = (options, nextCall) => {
  let call: Call
  try {
    call = nextCall(options)
  } catch (error) {
    call = failedCall(error instanceof Error ? error.message : String(error))
  }
  return new InterceptingCall(call)
}

/** What the SDK has by default, and within it: each try of a call passes here. */
export const interceptors: Interceptor[] = [makeGrpcRetryInterceptor(defaultGrpcRetryOptions()), failOnClosedChannel]

/** Its status is one that is not tried again. */
function failedCall(details: string): Call {
  const nothing = () => undefined
  return {
    start(_metadata, listener) {
      // As a unary call of grpc-js that fails: a status comes after a message, be it none.
      listener?.onReceiveMessage?.(null)
      listener?.onReceiveStatus?.({ code: status.CANCELLED, details, metadata: new Metadata() })
    },
    sendMessage: nothing,
    sendMessageWithContext: nothing,
    halfClose: nothing,
    startRead: nothing,
    cancelWithStatus: nothing,
    getPeer: () => '',
    getAuthContext: () => null,
  }
}
