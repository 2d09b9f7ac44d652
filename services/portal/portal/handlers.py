"""What the portal does with other services' messages: nothing, they owe it none.

Like every service it takes `TokenKeysChanged`, its own event, so that each replica checks tokens with the same keys.
"""

from shared.subscriptions import Subscriptions

subscriptions = Subscriptions()
